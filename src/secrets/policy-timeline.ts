import type { Policy } from './policy.ts';

/** One policy and the time from which it was in force. */
export interface PolicyInForce {
  /** ISO 8601, UTC. */
  readonly from: string;
  readonly policy: Policy;
}

/** Returns the policy that was in force at a moment, an ISO 8601 time in UTC. */
export type PolicyAt = (at: string) => Policy;

/**
 * Builds the lookup over policies in order of `from`. The first one also counts before its time, because nothing else is
 * known of that time. `fallback` counts if there is none.
 */
export function createPolicyTimeline(policies: readonly PolicyInForce[], fallback: Policy): PolicyAt {
  const [first] = policies;
  if (first === undefined || policies.length === 1) return () => first?.policy ?? fallback;
  const starts = policies.map(({ from }) => Date.parse(from));
  // Every rule asks about the moment of the row in hand.
  let last: { readonly at: string; readonly policy: Policy } | null = null;
  return (at) => {
    if (last?.at === at) return last.policy;
    const moment = Date.parse(at);
    const index = starts.findLastIndex((start) => start <= moment);
    last = { at, policy: (policies[Math.max(index, 0)] ?? first).policy };
    return last.policy;
  };
}
