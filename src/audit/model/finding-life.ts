import type { Person } from '../../provenance/person.ts';

/** What a person decided about a finding: one entry of the record of decisions. */
export interface FindingStep {
  readonly format: 1;
  /** From 1, without gaps, over all findings. */
  readonly number: number;
  readonly finding: string;
  readonly at: string;
  readonly by: Person;
  /** `accepted`: the risk is taken until a time. `responded`: management's answer. `withdrawn`: an acceptance is taken back. */
  readonly kind: 'accepted' | 'responded' | 'withdrawn';
  /** Why it is accepted, or the response. */
  readonly text: string;
  /** When an acceptance ends by itself; `null` for other steps. */
  readonly until: string | null;
  readonly owner: string | null;
  /** The day by which it is to be corrected, `2026-03-09`. */
  readonly due: string | null;
  readonly ticket: string | null;
  /** sha256 of the previous entry's canonical JSON; `null` for the first. */
  readonly previous: string | null;
}

/** Where a finding stands at a moment. */
export interface FindingLife {
  /** `recurred`: it began after an earlier finding of the same rule and subject had ended. */
  readonly state: 'open' | 'accepted' | 'fixed' | 'recurred';
  /** When it came to this state. */
  readonly since: string;
  /** `accepted by ann until 2026-06-01: …`, `fixed by kv-prod/token@…`. */
  readonly description: string;
  readonly owner: string | null;
  readonly due: string | null;
  readonly ticket: string | null;
  /** The newest response of management; `null` if there is none. */
  readonly response: string | null;
  /** Every step about it, oldest first. */
  readonly steps: readonly FindingStep[];
}
