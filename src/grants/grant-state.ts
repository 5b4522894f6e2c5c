import type { GrantApproval, GrantEntry, GrantFacts, GrantRequest } from './grant-entry.ts';

/** Where a request for access stands. A plain value: time decides what it is worth. */
export interface GrantState {
  readonly request: GrantRequest;
  readonly requestedAt: string;
  readonly approval: GrantApproval | null;
  readonly declined: boolean;
  /** Entries of the broker's journal that it was spent on. */
  readonly uses: readonly string[];
}

/** A request that nobody answers lapses, so that nobody approves what nobody waits for any more. */
const answerWithinMs = 24 * 3_600_000;

/** `waiting` for a person, `approved`, `declined`, `lapsed` without an answer, `expired` after its time, `spent` after its uses. */
export type Standing = 'waiting' | 'approved' | 'declined' | 'lapsed' | 'expired' | 'spent';

/** What a request is worth at a moment. */
export function standingOf({ request, requestedAt, approval, declined, uses }: GrantState, now: Date): Standing {
  if (declined) return 'declined';
  if (approval === null) return now.getTime() - Date.parse(requestedAt) < answerWithinMs ? 'waiting' : 'lapsed';
  if (uses.length >= request.uses) return 'spent';
  return now.getTime() < Date.parse(approval.until) ? 'approved' : 'expired';
}

/** The acts that may follow each standing. A new request begins anew: nothing of the old approval counts for it. */
const grantTransitions: Readonly<Record<Standing | 'none', readonly GrantFacts['act'][]>> = {
  none: ['requested'],
  waiting: ['approved', 'declined'],
  approved: ['used'],
  declined: ['requested'],
  lapsed: ['requested'],
  expired: ['requested'],
  spent: ['requested'],
};

/** Returns why an entry cannot follow at this moment; `null` if it can. */
export function refusedGrantEntry(state: GrantState | null, { act }: GrantFacts, at: Date): string | null {
  const standing = state === null ? 'none' : standingOf(state, at);
  return grantTransitions[standing].includes(act) ? null : `${act} cannot follow: the request is ${standing}`;
}

/** The state after an entry that may follow. */
export function withGrantEntry(state: GrantState | null, { at, facts }: GrantEntry): GrantState | null {
  if (facts.act === 'requested') {
    return { request: facts, requestedAt: at, approval: null, declined: false, uses: [] };
  }
  if (state === null) return null;
  if (facts.act === 'approved') return { ...state, approval: facts };
  if (facts.act === 'declined') return { ...state, declined: true };
  return { ...state, uses: [...state.uses, facts.read] };
}
