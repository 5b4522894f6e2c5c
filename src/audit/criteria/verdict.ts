import type { Finding, FindingRule } from '../model/finding.ts';

/** One event or state that breaks a criterion. */
export interface Breach {
  readonly says: 'broken';
  /** The rule whose findings tell of it, so that a person can answer for it. */
  readonly rule: FindingRule;
  /** Id of the event: a rotation, a slice, a look (`vault time`). */
  readonly event: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly subject: string;
  readonly why: string;
  /** When what was broken was mended, and by what; absent: nothing on record mends it. */
  readonly ended?: Finding['ended'];
}

/**
 * What a criterion says of one event of its population. Each criterion is written once: the control test counts its verdicts,
 * and a rule makes findings of those that are broken. So no test can count a deviation that nobody can answer for.
 */
export type Verdict =
  | Breach
  /** Held against the criterion and kept it. A state that is kept ends the exception of the same subject before it. */
  | { readonly says: 'kept'; readonly subject: string; readonly at: string }
  /** It has no criterion; `why` completes "not tested: 12 reads …". */
  | { readonly says: 'untested'; readonly why: string };
