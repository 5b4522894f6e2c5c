import { dayMs } from '../secrets/duration.ts';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import { daysOf, hourName } from '../audit/model/calendar.ts';
import type { Job } from '../audit/model/job.ts';
import { jobKey } from '../audit/model/job-name.ts';
import { recordJob } from '../audit/collection/job-ledger.ts';
import { readJobFile } from '../audit/files/read-job-file.ts';
import { type FiledReceipt, readReceiptFile } from '../audit/files/read-receipt-file.ts';
import { createSliceReader } from '../audit/collection/read-slice.ts';
import { recordLogReading, recordPostedReceipt } from '../audit/collection/receipt-ledger.ts';
import { saveRetrievalCollection } from '../audit/collection/retrieval-collection.ts';
import type { RetrievalLog } from '../audit/collection/retrieval-log.ts';
import type { RecordStore } from '../records/record-store.ts';

export interface EvidenceFiles {
  readonly log: RetrievalLog;
  /** Paths; `null` if no file is given. */
  readonly jobs: string | null;
  readonly receipts: string | null;
}

/**
 * Fills a record store from files as the collectors fill it from Azure and Gitea, for one period: slices of rows, the
 * job ledger, the receipt ledger. Returns how many jobs and receipts there were.
 * @throws ServiceError `RECORD_UNREADABLE` for a line that is not a job or a receipt.
 */
export async function collectFiles(
  { log, jobs: jobFile, receipts: receiptFile }: EvidenceFiles,
  { records, period, now }: { readonly records: RecordStore; readonly period: ReportingPeriod; readonly now: Date },
): Promise<{ readonly jobs: number; readonly receipts: number }> {
  await collectRows(log, records, period, now);
  const jobs = await readJobFile(jobFile);
  for (const job of jobs) await recordJob(records, job);
  const receipts = await readReceiptFile(receiptFile);
  await keepReceipts(records, receipts, jobs, now);
  return { jobs: jobs.length, receipts: receipts.length };
}

/** One slice for each day that has rows. Rows without a readable time go to the first day. */
async function collectRows(log: RetrievalLog, records: RecordStore, period: ReportingPeriod, now: Date): Promise<void> {
  const reader = createSliceReader({ log, records, now: () => now });
  const totals = await log.controlTotals(period);
  for (const [index, day] of daysOf(period).entries()) {
    const start = Date.parse(`${day}T00:00:00Z`);
    const from = new Date(Math.max(start, period.from.getTime()));
    const to = new Date(Math.min(start + dayMs, period.to.getTime()));
    const [first, end] = [hourName(from.getTime()), hourName(to.getTime() - 1)];
    const hours = new Map([...totals].filter(([hour]) => hour >= first && hour <= end));
    if (index === 0 || hours.size > 0) await reader.read({ from, to, totals: hours });
  }
  const readTo = new Date(Math.min(period.to.getTime(), now.getTime())).toISOString();
  const since = period.from.toISOString();
  const rest = { format: 1 as const, held: {}, unread: [], queries: reader.queries() };
  await saveRetrievalCollection(records, { ...rest, since, readTo, watermark: readTo });
}

/** Keeps posted receipts as the ledger does, and others by the job that they name, without a digest of its log. */
async function keepReceipts(
  records: RecordStore,
  receipts: readonly FiledReceipt[],
  jobs: readonly Job[],
  now: Date,
): Promise<void> {
  const logged = new Map<string, FiledReceipt[]>();
  for (const filed of receipts) {
    const { receipt, postedAt } = filed;
    const key = jobKey(receipt.job);
    if (postedAt === null) logged.set(key, [...(logged.get(key) ?? []), filed]);
    else await recordPostedReceipt(records, receipt, { postedAt });
  }
  const known = new Map(jobs.map((job) => [jobKey(job), job]));
  for (const [key, of] of logged) {
    const [first] = of;
    if (first === undefined) continue;
    const at = first.receipt.requests.at(-1)?.at ?? now.toISOString();
    const job = known.get(key) ?? { ...first.receipt.job, createdAt: at, completedAt: null };
    const receiptsOfJob = of.map(({ receipt }) => receipt);
    await recordLogReading(records, job, { at: now, logSha256: null, state: 'cut-short', receipts: receiptsOfJob });
  }
}
