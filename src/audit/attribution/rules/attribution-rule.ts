import type { JobStamp } from '../../../provenance/job-stamp.ts';
import type { IdentityRule, Policy } from '../../../secrets/policy.ts';
import type { BrokerIndex } from '../broker-index.ts';
import type { Grade } from '../../model/attribution.ts';
import type { Job } from '../../model/job.ts';
import { jobName } from '../../model/job-name.ts';
import type { JobIndex } from '../job-index.ts';
import type { ReceiptClaim, ReceiptClaims, ReceiptIndex } from '../receipt-index.ts';
import type { PolicyAt } from '../../../secrets/policy-timeline.ts';
import type { Retrieval } from '../../model/retrieval.ts';
import type { RotationIndex } from '../rotation-index.ts';

/** The indexes that the rules use. They do not change during grading, so rows do not influence each other. */
export interface AttributionContext {
  readonly policyAt: PolicyAt;
  readonly jobs: JobIndex;
  readonly receipts: ReceiptClaims;
  readonly rotations: RotationIndex;
  readonly broker: BrokerIndex;
  /** Microsoft's own application ids, lower-case. */
  readonly platformApplications: ReadonlySet<string>;
  /** Whether the log of the job with this key was read completely. */
  readonly isHarvested: (jobKey: string) => boolean;
  /** Every job created before this is in the ledger (milliseconds); `null` if that is not known. */
  readonly ledgerCompleteTo: number | null;
}

/** The indexes over everything that may speak of a period. */
export interface WholeContext extends AttributionContext {
  readonly receipts: ReceiptIndex;
}

/** One row, prepared for all rules. */
export interface Row {
  readonly retrieval: Retrieval;
  /** Milliseconds. */
  readonly at: number;
  /** The policy that was in force at that time. */
  readonly policy: Policy;
  /** The policy's entry for the row's object id. */
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

/** Returns a verdict if the rule applies to this row. Returns `null` to let the next rule decide. */
export type AttributionRule = (row: Row, context: AttributionContext) => Verdict | null;

/** Builds a verdict with defaults for the optional parts. */
export function verdict(
  grade: Grade,
  reason: string,
  { job = null, candidates = none, evidence = none }: Partial<Omit<Verdict, 'grade' | 'reason'>> = {},
): Verdict {
  return { grade, reason, job, candidates, evidence };
}

const none: readonly string[] = [];

/** The evidence that is a job alone. Neighbouring rows are often of one job, so the last one is kept. */
export function jobEvidence(job: Job): readonly string[] {
  if (last?.job !== job) last = { job, evidence: [`job ${jobName(job)}`] };
  return last.evidence;
}

let last: { readonly job: Job; readonly evidence: readonly string[] } | null = null;
