import type { AnswerHead } from '../../provenance/use-exchange.ts';
import type { Refusal } from '../decide.ts';
import type { BrokerFacts } from '../journal/broker-entry.ts';
import type { SessionState } from '../journal/session-state.ts';
import type { UseDecision } from './decide-use.ts';

export type UseAnswer =
  | { readonly kind: 'answered'; readonly head: AnswerHead; readonly body: AsyncIterable<Uint8Array> }
  | { readonly kind: 'refused'; readonly because: readonly Refusal[]; readonly request: string | null };

/** A use that was allowed and is on record, and not yet made. */
export interface UseIntent {
  readonly kind: 'asked';
  readonly state: SessionState;
  readonly decision: Extract<UseDecision, { readonly allowed: true }>;
  readonly reads: IntendedReads;
  /** The number of its entry. */
  readonly of: number;
}

export type IntendedReads = Extract<BrokerFacts, { readonly act: 'use-asked' }>['reads'];
