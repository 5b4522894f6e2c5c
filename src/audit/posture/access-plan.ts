import type { Policy } from '../../secrets/policy.ts';
import type { Posture } from '../model/posture.ts';
import type { ReadsOnRecord } from '../period/reads-on-record.ts';
import { accessDrift, type AccessDifference, type KnownSecret } from './access-drift.ts';
import { effectiveReaders } from './effective-readers.ts';
import { policyAccess } from './policy-access.ts';

/** A grant to make: of one secret, or (`null`, for the rotator) of a vault. */
export interface PlannedGrant {
  readonly vault: string;
  readonly scope: string;
  readonly secret: string | null;
  readonly principalId: string;
  readonly role: 'Key Vault Secrets User' | 'Keyturn rotator';
  /** Reads in the ninety days before; 0 for one that only the policy needs. */
  readonly reads: number;
}

/** A role assignment to end. */
export interface PlannedRemoval {
  readonly id: string;
  readonly vault: string;
  readonly role: string;
  readonly scope: string;
  readonly why: string;
  /** Reads that it allowed in the ninety days before, as the vault logged them. */
  readonly reads: number;
}

export interface AccessPlan {
  readonly create: readonly PlannedGrant[];
  readonly remove: readonly PlannedRemoval[];
  /** Differences that no plan for one vault can mend: grants above the vault, and access policies. */
  readonly byHand: readonly AccessDifference[];
  /** Reads of the ninety days that the policy does not allow: they end, unless the policy is changed first. */
  readonly endingReads: readonly {
    readonly objectId: string;
    readonly vault: string;
    readonly secret: string;
    readonly count: number;
    readonly lastAt: string;
  }[];
  readonly notSeen: ReturnType<typeof accessDrift>['notSeen'];
}

/**
 * The smallest grants that the policy and the reads of ninety days need, as a difference to the grants of a look. An
 * identity keeps what the policy needs for it, and, where the policy names no namespace, what it read. To lose no read,
 * make grants first and end the others when they have reached the vault, which takes minutes.
 */
export function accessPlan(
  policy: Policy,
  posture: Posture,
  secrets: readonly KnownSecret[],
  reads: ReadsOnRecord,
): AccessPlan {
  const drift = accessDrift(policy, posture, secrets);
  const excess = drift.differences.filter((one) => one.kind === 'too-much');
  const removable = excess.filter(({ grant }) => grant?.kind === 'role-assignment' && grant.reach !== 'above-vault');
  const removed = new Set(removable.map(({ grant }) => grant?.id));
  const blind = new Set(drift.notSeen.map(({ vault }) => vault));
  const create = posture.vaults
    .filter(({ vault }) => !blind.has(vault))
    .flatMap(({ vault, resourceId }) =>
      secrets
        .filter((one) => one.vault === vault)
        .flatMap((known) => secretGrants(policy, posture, { known, resourceId: resourceId ?? '', removed, reads })),
    );
  return {
    create: [...rotatorGrants(posture, drift.differences), ...create],
    remove: removals(removable, reads),
    byHand: excess.filter((one) => !removable.includes(one)),
    endingReads: endingReads(policy, secrets, reads),
    notSeen: drift.notSeen,
  };
}

function secretGrants(
  policy: Policy,
  posture: Posture,
  given: {
    readonly known: KnownSecret;
    readonly resourceId: string;
    readonly removed: ReadonlySet<string | undefined>;
    readonly reads: ReadsOnRecord;
  },
): readonly PlannedGrant[] {
  const { known, resourceId, removed, reads } = given;
  const { vault, secret } = known;
  const seen = effectiveReaders(posture, { vault, secret }, new Date(posture.at));
  const readers = seen.outcome === 'seen' ? seen.value : [];
  return [...policy.identities].flatMap(([principalId, { role }]): readonly PlannedGrant[] => {
    if (role === 'rotator' || role === 'broker' || role === 'platform') return [];
    const access = policyAccess(policy, principalId, known);
    const hasRead = reads.hasRead(principalId, vault, secret);
    if (access !== 'needed' && !(hasRead && (access === 'open' || access === 'allowed'))) return [];
    const isKept = readers.some(
      (reader) =>
        reader.principalId === principalId &&
        reader.grants.some(({ verdict, id }) => verdict === 'may-read' && !removed.has(id)),
    );
    if (isKept) return [];
    const scope = `${resourceId}/secrets/${secret}`;
    const count = readsOf(reads, principalId, vault, secret);
    return [{ vault, scope, secret, principalId, role: 'Key Vault Secrets User', reads: count }];
  });
}

function rotatorGrants(posture: Posture, differences: readonly AccessDifference[]): readonly PlannedGrant[] {
  return differences
    .filter(({ kind, secret }) => kind === 'missing' && secret === null)
    .map(({ vault, principalId }) => {
      const scope = posture.vaults.find((one) => one.vault === vault)?.resourceId ?? '';
      return { vault, scope, secret: null, principalId, role: 'Keyturn rotator', reads: 0 };
    });
}

/** One removal an assignment, though it may be too much for several members of a group. */
function removals(excess: readonly AccessDifference[], reads: ReadsOnRecord): readonly PlannedRemoval[] {
  const found = new Map<string, PlannedRemoval>();
  for (const { grant, vault, why } of excess) {
    if (grant === null) continue;
    const { id, role, scope } = grant;
    const name = id.split('/').at(-1) ?? '';
    const used = reads.all().filter(({ assignments }) => assignments.includes(name));
    const count = used.reduce((sum, one) => sum + one.count, 0);
    found.set(id, { id, vault, role, scope, why, reads: count });
  }
  return [...found.values()];
}

function endingReads(policy: Policy, secrets: readonly KnownSecret[], reads: ReadsOnRecord): AccessPlan['endingReads'] {
  return reads
    .all()
    .filter(({ objectId, vault, secret }) => {
      const isOwn = secrets.some((one) => one.vault === vault && one.secret === secret && one.isOwn);
      return ['forbidden', 'unknown-identity'].includes(policyAccess(policy, objectId, { vault, secret, isOwn }));
    })
    .map(({ objectId, vault, secret, count, lastAt }) => ({ objectId, vault, secret, count, lastAt }));
}

function readsOf(reads: ReadsOnRecord, objectId: string, vault: string, secret: string): number {
  const found = reads.all().find((one) => one.objectId === objectId && one.vault === vault && one.secret === secret);
  return found?.count ?? 0;
}
