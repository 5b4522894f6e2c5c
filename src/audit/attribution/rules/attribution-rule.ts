import type { JobStamp } from '../../../provenance/job-stamp.ts';
import type { IdentityRule, Policy } from '../../../secrets/policy.ts';
import type { Grade } from '../../model/attribution.ts';
import type { Job } from '../../model/job.ts';
import type { JobIndex } from '../job-index.ts';
import type { ReceiptClaim, ReceiptIndex } from '../receipt-index.ts';
import type { Retrieval } from '../../model/retrieval.ts';
import type { RotationIndex } from '../rotation-index.ts';

/** What the rules look things up in. None of it changes while rows are graded, so rows do not influence each other. */
export interface AttributionContext {
  readonly policy: Policy;
  readonly jobs: JobIndex;
  readonly receipts: ReceiptIndex;
  readonly rotations: RotationIndex;
  /** Application ids of Microsoft's own, lower-case. */
  readonly platformApplications: ReadonlySet<string>;
  /** Whether the log of the job with this key was read whole. */
  readonly isHarvested: (jobKey: string) => boolean;
  /** Every job created before this is in the ledger (milliseconds); `null` when nothing vouches for that. */
  readonly ledgerCompleteTo: number | null;
}

/** One row with what all rules need of it. */
export interface Row {
  readonly retrieval: Retrieval;
  /** Milliseconds. */
  readonly at: number;
  /** What the policy says of the row's object id. */
  readonly identity: IdentityRule | null;
  readonly stamp: JobStamp | null;
  readonly claims: readonly ReceiptClaim[];
}

export interface Verdict {
  readonly grade: Grade;
  readonly reason: string;
  readonly job: Job | null;
  readonly candidates: readonly string[];
  readonly evidence: readonly string[];
}

/** Answers when it is the rule for this row, else `null`: the next rule is asked. */
export type AttributionRule = (row: Row, context: AttributionContext) => Verdict | null;

/** A verdict with the parts that most lack left empty. */
export function verdict(grade: Grade, reason: string, rest: Partial<Omit<Verdict, 'grade' | 'reason'>> = {}): Verdict {
  return { grade, reason, job: null, candidates: [], evidence: [], ...rest };
}
