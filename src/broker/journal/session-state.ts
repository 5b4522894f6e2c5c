import type { BrokerEntry, BrokerFacts, SessionJob } from './broker-entry.ts';

/** What a session's journal says now. A plain value: no question is asked of the network. */
export interface SessionState {
  readonly taskId: number;
  readonly job: SessionJob;
  /** Thumbprint of its key. */
  readonly key: string;
  readonly ended: 'second-key' | 'job-ended' | null;
  /** Allowed and refused requests for values and for placeholders. */
  readonly requests: number;
  /** Requests that the broker was asked to make, allowed and refused. */
  readonly uses: number;
  /** Numbers of the reads and uses that have no outcome yet. */
  readonly unanswered: ReadonlySet<number>;
  /** Ids of signed requests that were taken. */
  readonly proofs: ReadonlySet<string>;
}

/** Returns why an entry cannot follow; `null` if it can. */
export function refusedEntry(state: SessionState | null, facts: BrokerFacts): string | null {
  if (state === null) return facts.act === 'opened' ? null : 'the first entry opens the session';
  if (facts.act === 'opened') return 'the session is open already';
  // An answer that was under way when the session ended is still recorded.
  if (facts.act === 'served' || facts.act === 'failed' || facts.act === 'used')
    return state.unanswered.has(facts.of) ? null : 'no request without an outcome has this number';
  const isRepeated = 'proof' in facts && state.proofs.has(facts.proof);
  if (isRepeated) return 'this request was answered already';
  if (facts.act === 'refused' || facts.act === 'use-refused') return null;
  return state.ended === null ? null : 'the session has ended';
}

/** The state after an entry that may follow. */
export function withEntry(state: SessionState | null, { number, facts }: BrokerEntry): SessionState | null {
  if (facts.act === 'opened') {
    const { taskId, job, key } = facts;
    return { taskId, job, key, ended: null, requests: 0, uses: 0, unanswered: new Set(), proofs: new Set() };
  }
  if (state === null) return null;
  switch (facts.act) {
    case 'second-key':
    case 'job-ended':
      return { ...state, ended: facts.act };
    case 'asked':
      return { ...taken(state, facts.proof), unanswered: new Set([...state.unanswered, number]) };
    case 'refused':
    case 'placeholders':
      return taken(state, facts.proof);
    case 'use-asked':
      return { ...usedUp(state, facts.proof), unanswered: new Set([...state.unanswered, number]) };
    case 'use-refused':
      return usedUp(state, facts.proof);
    case 'served':
    case 'failed':
    case 'used': {
      const answered = facts.of;
      return { ...state, unanswered: new Set([...state.unanswered].filter((one) => one !== answered)) };
    }
    default:
      return facts satisfies never;
  }
}

function usedUp(state: SessionState, proof: string): SessionState {
  return { ...state, uses: state.uses + 1, proofs: new Set([...state.proofs, proof]) };
}

function taken(state: SessionState, proof: string): SessionState {
  return { ...state, requests: state.requests + 1, proofs: new Set([...state.proofs, proof]) };
}
