import { type AttributionRule, verdict } from './attribution-rule.ts';

/**
 * A delegated token belongs to a person, whatever application it came through and whatever its client text says: only
 * the token's claims decide. A job stamp on such a read is forged; the reason says so, and it is a finding.
 */
export const personRule: AttributionRule = ({ retrieval, stamp }) => {
  if (retrieval.identity.kind !== 'person') return null;
  return verdict('person', stamp === null ? 'delegated-token' : 'stamp-by-person');
};

/**
 * Keyturn's own identities: a journal must contain each read of the rotator, or a record made before the read outside
 * rotations. The reporter reads only its canary and settings.
 */
export const ourIdentityRule: AttributionRule = ({ retrieval, identity, stamp }, { rotations }) => {
  if (identity?.role !== 'rotator' && identity?.role !== 'reporter') return null;
  if (stamp !== null) return verdict('contradicted', 'stamp-by-our-identity');
  const rotates = identity.role === 'rotator';
  const found = rotates ? rotations.explain(retrieval) : rotations.explainSetting(retrieval);
  if (found !== null) return verdict('rotation', explained[found.kind], { evidence: [found.reference] });
  return verdict('rotation-unexplained', rotates ? 'no-journal-entry' : 'reporter-read');
};

const explained = {
  journal: 'journal-entry',
  check: 'check-on-record',
  setting: 'own-read-on-record',
  issuer: 'own-read-on-record',
} as const;

/** Azure's own applications, and identities that the policy assigns to the platform. */
export const platformRule: AttributionRule = ({ retrieval, identity, stamp }, { platformApplications }) => {
  const { applicationId } = retrieval.identity;
  const known = applicationId !== null && platformApplications.has(applicationId);
  if (!known && identity?.role !== 'platform') return null;
  return stamp === null ? verdict('platform', 'platform-identity') : verdict('contradicted', 'stamp-by-platform');
};
