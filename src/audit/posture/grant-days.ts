import type { PolicyAt } from '../../secrets/policy-timeline.ts';
import { type GrantExcess, grantExcesses } from '../criteria/grant-excess.ts';
import type { GrantDay } from '../model/audited-period.ts';
import type { Posture, Seen, VaultPosture } from '../model/posture.ts';
import { type EffectiveReader, effectiveReaders, type ReaderGrant } from './effective-readers.ts';
import { policyAccess } from './policy-access.ts';

/** A grant of one identity at one look. */
interface SeenGrant {
  readonly day: GrantDay;
  /** Id of the role assignment, or the object of the access policy. */
  readonly assignment: string;
  /** Why it is more than the policy opens; `null` if it is not. */
  readonly excess: GrantExcess | null;
}

/** A grant that is more than the policy opens. */
interface ExcessiveGrant extends SeenGrant {
  readonly excess: GrantExcess;
}

/** Who could read the whole vault, and then each secret of it on which an assignment lies. */
export function readersByScope(posture: Posture, vault: VaultPosture): readonly Seen<readonly EffectiveReader[]>[] {
  return secretsOf(posture, vault).map((secret) =>
    effectiveReaders(posture, { vault: vault.vault, secret }, new Date(posture.at)),
  );
}

/** Every grant on a vault that is more than the policy opens, at one look; `null` if grants were not seen. */
export function excessesOf(
  posture: Posture,
  vault: VaultPosture,
  policyAt: PolicyAt,
): readonly ExcessiveGrant[] | null {
  const found = new Map<string, ExcessiveGrant>();
  for (const readers of readersByScope(posture, vault)) {
    if (readers.outcome === 'not-seen') return null;
    for (const grant of grantsAt(posture.at, vault, readers.value, policyAt)) {
      const { excess } = grant;
      // A grant on the vault is seen again with each secret.
      if (excess !== null) found.set(grant.day.id, { ...grant, excess });
    }
  }
  return [...found.values()];
}

/** `null` for the whole vault, and each secret on which an assignment lies. */
function secretsOf({ subscriptions }: Posture, { resourceId }: VaultPosture): readonly (string | null)[] {
  const start = `${resourceId ?? ''}/secrets/`;
  const scopes = subscriptions.flatMap(({ assignments }) =>
    assignments.outcome === 'seen' ? assignments.value.map(({ scope }) => scope) : [],
  );
  const names = scopes.filter((scope) => scope.startsWith(start)).map((scope) => scope.slice(start.length));
  return [null, ...new Set(names)];
}

/** The grants of these readers, as the record of the day has them. */
export function grantsAt(
  at: string,
  vault: VaultPosture,
  readers: readonly EffectiveReader[],
  policyAt: PolicyAt,
): readonly SeenGrant[] {
  return readers.flatMap(({ principalId, grants }) =>
    grants.map((grant): SeenGrant => {
      const { role, scope, reach, group, id, verdict } = grant;
      const day = at.slice(0, 10);
      const excess = verdict === 'may-read' ? excessOf(policyAt(at), principalId, vault, grant) : null;
      const granted = {
        id: `${principalId} ${id} ${day}`,
        day,
        at,
        vault: vault.vault,
        principalId,
        role,
        scope,
        reach,
        group,
        verdict,
        why: excess?.why ?? null,
      };
      return { day: granted, assignment: id, excess };
    }),
  );
}

/** Why a grant is more than the policy opens; `null` if it is not. */
function excessOf(
  policy: ReturnType<PolicyAt>,
  principalId: string,
  { vault, staging }: VaultPosture,
  { reach, scope }: ReaderGrant,
): GrantExcess | null {
  const identity = policy.identities.get(principalId);
  if (identity === undefined) return grantExcesses.unlisted;
  if (identity.role === 'rotator' || identity.role === 'platform') return null;
  if (reach !== 'secret') {
    if (identity.role === 'runner') return grantExcesses.wholeVault;
    return staging ? grantExcesses.staging : null;
  }
  const secret = scope.split('/').at(-1) ?? '';
  // Which secrets are Keyturn's own is not part of a look, so a reporter's grant on one secret is taken for one of them.
  const isOwn = identity.role !== 'runner';
  const access = policyAccess(policy, principalId, { vault, secret, isOwn });
  return access === 'forbidden' ? grantExcesses.unopened : null;
}
