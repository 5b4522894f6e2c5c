import type { Explanation } from '../rotation-index.ts';
import { type AttributionContext, type AttributionRule, type Row, verdict } from './attribution-rule.ts';

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
  const found = explanationOf(retrieval, identity.role, rotations);
  if (found !== null) return verdict('rotation', explained[found.kind], { evidence: [found.reference] });
  return verdict('rotation-unexplained', identity.role === 'rotator' ? 'no-journal-entry' : 'reporter-read');
};

/**
 * Finds what is on record of a request by our identity that is not graded, because it was refused or came before the period:
 * that explains no other row. `surplus`: whatever speaks of such a request explains another row already.
 */
export function accountForUngraded(
  { retrieval, identity, stamp }: Pick<Row, 'retrieval' | 'identity' | 'stamp'>,
  { rotations, broker }: Pick<AttributionContext, 'rotations' | 'broker'>,
): 'explained' | 'surplus' | null {
  if (retrieval.operation !== 'SecretGet' || retrieval.identity.kind === 'person' || stamp !== null) return null;
  if (identity?.role !== 'rotator' && identity?.role !== 'reporter') return null;
  if (broker.explain(retrieval, stamp) !== null) return 'explained';
  if (explanationOf(retrieval, identity.role, rotations) !== null) return 'explained';
  return rotations.isOneTooMany(retrieval) ? 'surplus' : null;
}

function explanationOf(
  retrieval: Row['retrieval'],
  role: 'rotator' | 'reporter',
  rotations: AttributionContext['rotations'],
): Explanation | null {
  return role === 'rotator' ? rotations.explain(retrieval) : rotations.explainSetting(retrieval);
}

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
