import type { Credential, TargetState } from '../journal/target-state.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import type { Terms } from './decision.ts';

/** How long readers of a credential are waited for. */
export interface Patience {
  readonly graceMs: number;
  readonly consumersLifetimeMs: number;
  readonly emergency: boolean;
}

/**
 * As the rotation away from the credential claimed, which is not at all in an emergency; else as the policy says: what was rolled
 * back, or published over, has not leaked.
 */
export function patienceWith(state: TargetState, credential: string, { bindings }: Pick<Terms, 'bindings'>): Patience {
  const away = state.rotations.findLast(({ from, publishedAt }) => from === credential && publishedAt !== null);
  if (away !== undefined && away.rolledBack === null && away.replacedAt === null) return away.claim;
  return patienceOf(bindings, false);
}

/** As the policy says, which is the longest that one of the secrets wants; none in an emergency. */
export function patienceOf(bindings: Terms['bindings'], emergency: boolean): Patience {
  const longest = (of: (binding: SecretBinding) => number) => (emergency ? 0 : Math.max(...bindings.map(of)));
  return {
    graceMs: longest(({ graceMs }) => graceMs),
    consumersLifetimeMs: longest(({ consumersLifetimeMs }) => consumersLifetimeMs),
    emergency,
  };
}

/** Until when the grace of an idle credential lasts, by the vault's clock. */
export function graceUntil(credential: Credential, { graceMs }: Patience, retiredAt: string | null = null): Date {
  return new Date((Date.parse(credential.idleSince ?? retiredAt ?? '') || 0) + graceMs);
}
