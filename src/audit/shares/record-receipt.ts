import type { AuditedReceipt } from '../findings/finding-rule.ts';
import type { ReceiptRecord } from '../model/audited-period.ts';
import { jobName } from '../model/job-name.ts';

/** A receipt as the population of receipts lists it: never a value. */
export function recordReceipt(audited: AuditedReceipt & { readonly also: readonly string[] }): ReceiptRecord {
  const { receipt, channel, reference, job, at, matched, isContested, also } = audited;
  const { runId, jobId, attempt } = receipt.job;
  return {
    reference,
    also,
    channel,
    job: job === null ? `? ${String(runId)}/${String(jobId)}.${String(attempt)}` : jobName(job),
    vault: receipt.vault,
    secret: receipt.secret,
    version: receipt.version,
    answeredAt: new Date(at).toISOString(),
    requests: receipt.requests.map(({ id }) => id),
    clockOffsetMs: receipt.clockOffsetMs,
    matched,
    contested: isContested,
  };
}
