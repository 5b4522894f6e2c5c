import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import type { Exclusion } from '../model/audited-period.ts';
import type { OperationKind, Retrieval } from '../model/retrieval.ts';

/** Why a row is not part of the population; in the order of the report's waterfall. */
export const exclusionReasons = [
  'outside the period',
  'not readable as an audit row',
  'a further record of an event that is already counted',
  'in a vault that is not in scope',
  'not about a secret',
  "the platform's own operation",
  "a client's challenge probe",
  'a list, which discloses no value',
  'a write',
  'refused',
  'not found',
  'failed',
  "a read of a staging secret by Keyturn's rotator",
  "Keyturn's own canary read",
] as const;

export type ExclusionReason = (typeof exclusionReasons)[number];

const byKind = {
  'not-a-secret': 'not about a secret',
  platform: "the platform's own operation",
  probe: "a client's challenge probe",
  list: 'a list, which discloses no value',
  write: 'a write',
  denied: 'refused',
  'not-found': 'not found',
  failed: 'failed',
} as const satisfies Record<Exclude<OperationKind, 'read'>, ExclusionReason>;

/** The prefix of staging secrets: rotation stores pending values there, never under the live name. */
const stagingPrefix = 'rot-pending--';

export interface PopulationRule {
  readonly policyAt: PolicyAt;
  /** Short names of the vaults in scope, lower-case. */
  readonly vaults: ReadonlySet<string>;
  /** Server request ids of Keyturn's canary reads, lower-case. */
  readonly canaries: ReadonlySet<string>;
}

/** Whether the secret is a staging secret, in which a rotation stores its pending value. */
export function isStaging(retrieval: Retrieval): boolean {
  return retrieval.secret?.startsWith(stagingPrefix) === true;
}

/**
 * Why an event is excluded; `null` if it disclosed a value and counts. Staging reads by anyone but the rotator count.
 */
export function classifyExclusion(
  retrieval: Retrieval,
  { policyAt, vaults, canaries }: PopulationRule,
): ExclusionReason | null {
  const { kind, vault, identity, correlationId } = retrieval;
  if (!vaults.has(vault)) return 'in a vault that is not in scope';
  if (kind !== 'read') return byKind[kind];
  const role = identity.objectId === null ? undefined : policyAt(retrieval.at).identities.get(identity.objectId)?.role;
  if (isStaging(retrieval) && role === 'rotator') return "a read of a staging secret by Keyturn's rotator";
  if (correlationId !== null && canaries.has(correlationId)) return "Keyturn's own canary read";
  return null;
}

/** All steps of the waterfall, including those that excluded nothing. */
export function toExclusions(counts: ReadonlyMap<ExclusionReason, number>): readonly Exclusion[] {
  return exclusionReasons.map((reason) => ({ reason, count: counts.get(reason) ?? 0 }));
}
