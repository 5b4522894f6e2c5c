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
  const entry = rotates ? rotations.explain(retrieval) : null;
  if (entry !== null) return verdict('rotation', 'journal-entry', { evidence: [entry] });
  const read =
    rotations.explainOwnRead(retrieval, 'setting') ?? (rotates ? rotations.explainOwnRead(retrieval, 'issuer') : null);
  if (read !== null) return verdict('rotation', 'own-read-on-record', { evidence: [read] });
  const check = rotates ? rotations.explainOwnRead(retrieval, 'check') : null;
  if (check !== null) return verdict('rotation', 'check-on-record', { evidence: [check] });
  return verdict('rotation-unexplained', rotates ? 'no-journal-entry' : 'reporter-read');
};

/** Azure's own applications, and identities that the policy assigns to the platform. */
export const platformRule: AttributionRule = ({ retrieval, identity, stamp }, { platformApplications }) => {
  const { applicationId } = retrieval.identity;
  const known = applicationId !== null && platformApplications.has(applicationId);
  if (!known && identity?.role !== 'platform') return null;
  return stamp === null ? verdict('platform', 'platform-identity') : verdict('contradicted', 'stamp-by-platform');
};
