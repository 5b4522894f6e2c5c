import { comparePolicies } from '../../secrets/compare-policies.ts';
import type { Policy } from '../../secrets/policy.ts';
import { createPolicyTimeline, type PolicyAt } from '../../secrets/policy-timeline.ts';
import type { PolicyChange, PolicyRecord, ReportingPeriod } from '../model/audited-period.ts';

/** A policy on record, with its meaning. */
export interface LoadedPolicy extends PolicyRecord {
  readonly policy: Policy;
}

/**
 * The policies that were in force in a period, and what changed within it. `loaded`: oldest first. `fallback` is in force
 * if none is on record.
 */
export function policiesInForce(
  loaded: readonly LoadedPolicy[],
  fallback: Policy,
  { from, to }: ReportingPeriod,
): {
  readonly policyAt: PolicyAt;
  readonly policies: readonly PolicyRecord[];
  readonly policyChanges: readonly PolicyChange[];
} {
  const timeline = loaded.map(({ loadedAt, policy }) => ({ from: loadedAt, policy }));
  const started = loaded.findLastIndex(({ loadedAt }) => Date.parse(loadedAt) <= from.getTime());
  const inForce = loaded.slice(Math.max(started, 0)).filter(({ loadedAt }) => Date.parse(loadedAt) < to.getTime());
  const policyChanges = inForce.flatMap((now, index): PolicyChange[] => {
    const before = inForce[index - 1];
    if (before === undefined) return [];
    const differences = comparePolicies(before.policy, now.policy);
    return [
      {
        loadedAt: now.loadedAt,
        sha256: now.sha256,
        before: before.sha256,
        changes: differences.map(({ description }) => description),
        widens: differences.flatMap(({ description, widens }) => (widens ? [description] : [])),
      },
    ];
  });
  return {
    policyAt: createPolicyTimeline(timeline, fallback),
    policies: inForce.map(({ loadedAt, sha256, text }) => ({ loadedAt, sha256, text })),
    policyChanges,
  };
}
