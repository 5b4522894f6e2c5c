import type { Policy } from './policy.ts';

/** Returns the policy that was in force at a moment, an ISO 8601 time in UTC. */
export type PolicyAt = (at: string) => Policy;
