import type { JobStamp } from '../../../provenance/job-stamp.ts';
import { opaqueName } from '../../../provenance/opaque-name.ts';
import { matchAddress } from '../address-match.ts';
import type { Job } from '../../model/job.ts';
import { isSameJob, jobName } from '../../model/job-name.ts';
import { jobSlackMs, servesRepository, wasRunning } from '../job-index.ts';
import type { ReceiptClaim } from '../receipt-index.ts';
import {
  type AttributionContext,
  type AttributionRule,
  jobEvidence,
  type Row,
  type Verdict,
  verdict,
} from './attribution-rule.ts';

/**
 * The logged time of a request and the time of its answer differ by its duration and the remaining clock difference.
 */
const answerSlackMs = 30_000;

/**
 * A receipt names the row by the server's request id, which only the caller learns. If several jobs claim one id, the
 * row's own stamp decides. Without a stamp only receipts that fit the row remain; if they name more than one job, the
 * row is `ambiguous`, never tied to the nearest job. If none fits, the row is `contradicted`.
 */
export const receiptRule: AttributionRule = (row, context) => {
  if (row.claims.length === 0) return null;
  const claims = those(row.claims, speaksOfServed, row);
  if (claims.length === 0) return null;
  const { stamp } = row;
  if (stamp !== null) {
    const own = those(claims, isOfStamp, stamp);
    if (own.length === 0)
      return verdict('contradicted', 'stamp-and-receipt-disagree', { evidence: references(claims) });
    return judge(own, row, context);
  }
  if (claims.length === 1) return judge(claims, row, context);
  const jobs = [...new Set(claims.map((claim) => claim.jobKey))].sort();
  const verdicts = jobs.map((key) =>
    judge(
      claims.filter((claim) => claim.jobKey === key),
      row,
      context,
    ),
  );
  const standing = verdicts.filter(({ grade }) => grade !== 'contradicted');
  if (standing.length <= 1) return standing[0] ?? verdicts[0] ?? null;
  const candidates = standing.map((one) => (one.job === null ? (one.candidates[0] ?? '') : jobName(one.job))).sort();
  return verdict('ambiguous', 'several-receipts', { candidates, evidence: references(claims) });
};

/** Those that pass the test. Nearly always all do, of which no copy is made. */
function those<Other>(
  claims: readonly ReceiptClaim[],
  test: (claim: ReceiptClaim, other: Other) => boolean,
  other: Other,
): readonly ReceiptClaim[] {
  for (const claim of claims) if (!test(claim, other)) return claims.filter((one) => test(one, other));
  return claims;
}

/** Receipts list refused attempts too, so a claim on a read must state that this very request was served. */
function speaksOfServed({ receipt }: ReceiptClaim, { retrieval }: Row): boolean {
  const { correlationId, status } = retrieval;
  for (const request of receipt.requests)
    if (request.status === status && correlationId !== null && isSameName(request.id, correlationId)) return true;
  return false;
}

function isOfStamp({ receipt }: ReceiptClaim, stamp: JobStamp): boolean {
  return isSameJob(receipt.job, stamp);
}

function agreesWith(claim: ReceiptClaim, { row, job }: { readonly row: Row; readonly job: Job }): boolean {
  return disagreement(claim, row, job) === null;
}

/** Judges the claims of one job: the best one that fits the row, or else why the first one does not fit. */
function judge(claims: readonly ReceiptClaim[], row: Row, context: AttributionContext): Verdict {
  const [first] = claims;
  if (first === undefined) return verdict('unattributed', 'no-receipt');
  const job = context.jobs.find(first.receipt.job);
  if (job === null) {
    const { runId, jobId, attempt } = first.receipt.job;
    const candidates = [`? ${String(runId)}/${String(jobId)}.${String(attempt)}`];
    // The ledger knows every job of that time. Gitea confirmed the token of a posted receipt, so only a logged one lies.
    const complete = context.ledgerCompleteTo !== null && row.at + jobSlackMs < context.ledgerCompleteTo;
    if (complete && claims.every(({ channel }) => channel === 'logged')) {
      return verdict('contradicted', 'receipt-of-no-job', { evidence: references(claims) });
    }
    return verdict('claimed', 'receipt-of-unknown-job', { candidates, evidence: references(claims) });
  }
  const fitting = those(claims, agreesWith, { row, job });
  const [best] = fitting;
  if (best === undefined) {
    const reason = disagreement(first, row, job) ?? 'receipt-disagrees';
    return verdict('contradicted', reason, { evidence: references(claims) });
  }
  return gradeClaim(best, row, job, [...references(fitting), ...jobEvidence(job)]);
}

/** The code of the first contradiction between receipt, row and job; `null` if they agree. */
function disagreement({ receipt, answeredAt }: ReceiptClaim, row: Row, job: Job): string | null {
  return (
    secretDisagreement(receipt, row) ??
    jobDisagreement(receipt, row, job) ??
    timeDisagreement(answeredAt, row, job) ??
    originDisagreement(receipt, row, job)
  );
}

type Claimed = ReceiptClaim['receipt'];

function secretDisagreement(receipt: Claimed, { retrieval }: Row): string | null {
  const { vault, version } = retrieval;
  const secret = retrieval.secret ?? '';
  if (!isSameName(receipt.vault, receipt.opaque ? opaqueName(vault) : vault)) return 'receipt-of-another-vault';
  if (!isSameName(receipt.secret, receipt.opaque ? opaqueName(secret) : secret)) return 'receipt-of-another-secret';
  const differs = receipt.version !== null && version !== null && !isSameName(receipt.version, version);
  return differs ? 'receipt-of-another-version' : null;
}

/** `lower`: in lower case, as rows have all names. */
function isSameName(name: string, lower: string): boolean {
  return name === lower || name.toLowerCase() === lower;
}

function jobDisagreement(receipt: Claimed, { stamp }: Row, job: Job): string | null {
  if (receipt.job.runId !== job.runId) return 'receipt-of-another-run';
  if (receipt.job.repositoryId !== null && receipt.job.repositoryId !== job.repositoryId) {
    return 'receipt-of-another-repository';
  }
  if (job.taskId !== null && receipt.job.taskId !== job.taskId) return 'receipt-of-another-task';
  return stamp !== null && stamp.nonce !== receipt.nonce ? 'receipt-of-another-start' : null;
}

function timeDisagreement(answeredAt: number, { at }: Row, job: Job): string | null {
  if (Math.abs(answeredAt - at) > answerSlackMs) return 'receipt-of-another-time';
  return wasRunning(job, at, jobSlackMs) === 'no' ? 'job-was-not-running' : null;
}

function originDisagreement(receipt: Claimed, { retrieval, identity }: Row, job: Job): string | null {
  if (differ(receipt.address, retrieval.address)) return 'receipt-of-another-address';
  if (identity?.role === 'runner' && identity.repositories.length > 0 && !servesRepository(identity, job.repository)) {
    return 'identity-never-serves-repository';
  }
  const isOutside = matchAddress(retrieval.address, identity?.addresses ?? []) === 'outside';
  return isOutside ? 'address-not-of-identity' : null;
}

/** Whether both values are known and differ. */
function differ(one: string | null, other: string | null): boolean {
  return one !== null && other !== null && one !== other;
}

/**
 * A posted receipt beats a logged one, because a log shows only that the job's output contained the receipt, unless
 * only that repository's jobs use the identity.
 */
function gradeClaim({ channel }: ReceiptClaim, { identity, at }: Row, job: Job, evidence: readonly string[]): Verdict {
  if (identity === null) return verdict('claimed', 'identity-not-in-policy', { job, evidence });
  const dedicated = identity.repositories.length === 1;
  // Gitea confirmed for a posted receipt that the job was running, whatever it says of the job's times later.
  const isTimed = wasRunning(job, at, jobSlackMs) === 'yes';
  const ifLogged = dedicated && isTimed ? 'receipt-logged-by-dedicated-identity' : null;
  const best = channel === 'posted' ? 'receipt-posted' : ifLogged;
  if (best === null) return verdict('corroborated', 'receipt-logged', { job, evidence });
  // A job that can reach another job's token or log can post or print in its name.
  if (identity.sharedHost === true) return verdict('corroborated', 'host-shared-by-jobs', { job, evidence });
  if (job.known === 'hook') return verdict('corroborated', 'job-known-from-hook-alone', { job, evidence });
  return verdict('authenticated', best, { job, evidence });
}

function references(claims: readonly ReceiptClaim[]): string[] {
  return claims.map(({ reference }) => reference);
}
