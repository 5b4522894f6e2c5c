import { policyEntryFor } from '../../secrets/binding-for.ts';
import type { Policy } from '../../secrets/policy.ts';

/** What the policy says of one identity and one secret. `open`: it says nothing, because it names no namespace for it. */
type PolicyAccess = 'needed' | 'allowed' | 'open' | 'forbidden' | 'unknown-identity';

/**
 * Whether an identity may read a secret by the policy. The rotator needs every secret, the platform is allowed every one,
 * a runner needs those whose namespaces hold one of its repositories. `own`: Keyturn's own secrets, which are the
 * rotator's and the reporter's alone.
 */
export function policyAccess(
  policy: Policy,
  objectId: string,
  { vault, secret, isOwn }: { readonly vault: string; readonly secret: string; readonly isOwn: boolean },
): PolicyAccess {
  const identity = policy.identities.get(objectId);
  if (identity === undefined) return 'unknown-identity';
  if (identity.role === 'rotator') return 'needed';
  if (identity.role === 'platform') return 'allowed';
  if (identity.role !== 'runner') return isOwn ? 'allowed' : 'forbidden';
  if (isOwn) return 'forbidden';
  const entry = policyEntryFor(policy, vault, secret);
  if (entry === null || entry.namespaces.length === 0) return 'open';
  const served = identity.repositories.map((one) => one.toLowerCase());
  const isServed = entry.namespaces
    .flatMap((name) => policy.namespaces.get(name) ?? [])
    .some(({ repositories }) => {
      // An empty list forbids nothing, in a namespace and in an identity alike.
      if (repositories.length === 0 || served.length === 0) return true;
      return repositories.some((repository) => served.includes(repository.toLowerCase()));
    });
  return isServed ? 'needed' : 'forbidden';
}
