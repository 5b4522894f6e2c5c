import type { JobIndex } from './job-index.ts';
import { answeredAt, type ReceiptIndex } from './receipt-index.ts';
import type { LedgerReceipt } from '../collection/receipt-ledger.ts';
import type { ReceiptRecord, ReportingPeriod } from '../model/audited-period.ts';
import { jobName } from '../model/job-name.ts';

/** The receipts of a period, with what was found about each; in order of their references. Copies in other logs count too. */
export function listReceipts(
  { jobs, receipts }: { readonly jobs: JobIndex; readonly receipts: ReceiptIndex },
  { from, to }: ReportingPeriod,
  settledTo: number,
): readonly ReceiptRecord[] {
  const contested = new Set(receipts.contested().flatMap(({ claims }) => claims.map(({ reference }) => reference)));
  const describe = ({ receipt, channel, reference }: LedgerReceipt, matched: boolean | null): ReceiptRecord => {
    const job = jobs.find(receipt.job);
    const { runId, jobId, attempt } = receipt.job;
    return {
      reference,
      channel,
      job: job === null ? `? ${String(runId)}/${String(jobId)}.${String(attempt)}` : jobName(job),
      vault: receipt.vault,
      secret: receipt.secret,
      version: receipt.version,
      answeredAt: new Date(answeredAt(receipt)).toISOString(),
      requests: receipt.requests.map(({ id }) => id),
      clockOffsetMs: receipt.clockOffsetMs,
      matched,
      contested: contested.has(reference),
    };
  };
  const isInside = ({ receipt }: LedgerReceipt): boolean =>
    answeredAt(receipt) >= from.getTime() && answeredAt(receipt) < to.getTime();
  const own = receipts.all().filter(isInside);
  const copied = receipts.copied.filter(isInside);
  return [
    ...own.map((one) => {
      const isOpen = one.receipt.version === null || answeredAt(one.receipt) >= settledTo;
      return describe(one, one.matched || !isOpen ? one.matched : null);
    }),
    ...copied.map((one) => ({ ...describe(one, null), contested: true })),
  ].sort((a, b) => (a.reference < b.reference ? -1 : 1));
}
