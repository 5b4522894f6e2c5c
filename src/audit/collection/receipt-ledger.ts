import { z } from 'zod';
import { parseReceipt, receiptDigest } from '../../provenance/parse-receipt.ts';
import type { JobNumbers } from '../../provenance/job-numbers.ts';
import type { Receipt } from '../../provenance/receipt.ts';
import { checkRecord, parseRecordLines, recordedTime } from '../../records/parse-record.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import type { Job } from '../model/job.ts';
import { jobKey } from '../model/job-name.ts';
import { monthOf, monthsOf } from '../model/calendar.ts';
import { createJson, readStoredJson } from './stored-json.ts';

/** A receipt and how it came to us. */
export interface LedgerReceipt {
  readonly receipt: Receipt;
  /** `posted`: with a runtime token that Gitea confirmed, whose numbers are the receipt's. `logged`: found in a job's log. */
  readonly channel: 'posted' | 'logged';
  /** The job whose log held it; `null` for a posted one. A job can print another's receipt. */
  readonly log: Pick<JobNumbers, 'instance' | 'jobId' | 'attempt'> | null;
  /** Where it is on record, for `Attribution.evidence`. */
  readonly reference: string;
}

/** A job whose log is on record: its numbers, and the times by which it is filed. */
type LoggingJob = Pick<Job, 'instance' | 'jobId' | 'attempt' | 'createdAt' | 'completedAt'>;

const encoder = new TextEncoder();

/** A receipt's own shape is exact, and known where it is signed and sent: `parseReceipt`. */
const receiptShape = z.unknown().transform((value, context): Receipt => {
  const receipt = parseReceipt(value);
  if (receipt !== null) return receipt;
  context.addIssue('is not a receipt');
  return z.NEVER;
});
const postedShape = z.object({ format: z.literal(1), postedAt: recordedTime, receipt: receiptShape });
const loggedHeaderShape = z.object({
  format: z.literal(1),
  job: z.object({ instance: z.string(), jobId: z.int(), attempt: z.int() }),
  harvestedAt: recordedTime,
  logSha256: z.string().nullable(),
});

/**
 * Keeps a receipt that a running job posted. The caller has checked the job's runtime token against Gitea and that the
 * numbers in it are the receipt's. Posting again changes nothing; another receipt of the same place in the chain is kept
 * beside it, to be found as a duplicate. Gives whether it is new.
 */
export async function recordPostedReceipt(
  records: RecordStore,
  receipt: Receipt,
  { postedAt }: { readonly postedAt: Date },
): Promise<{ readonly isNew: boolean; readonly reference: string }> {
  const place = `${receipt.nonce}-${String(receipt.sequence)}-${receiptDigest(receipt).slice(0, 12)}`;
  const reference = `receipts/posted/${monthOf(postedAt)}/${jobKey(receipt.job)}/${place}.json`;
  const isNew = await createJson(records, reference, { format: 1, postedAt: postedAt.toISOString(), receipt });
  return { isNew, reference };
}

/**
 * Keeps what one job's log held, once: a header and one receipt a line. `log` is `null` when Gitea had none to give.
 * Gives `false` when the log was harvested before.
 */
export async function recordLoggedReceipts(
  records: RecordStore,
  job: LoggingJob,
  harvest: { readonly at: Date; readonly logSha256: string | null; readonly receipts: readonly Receipt[] },
): Promise<boolean> {
  const { at, logSha256, receipts } = harvest;
  const { instance, jobId, attempt } = job;
  const header = { format: 1, job: { instance, jobId, attempt }, harvestedAt: at.toISOString(), logSha256 };
  const lines = [header, ...receipts].map((line) => `${JSON.stringify(line)}\n`);
  try {
    await records.create(loggedPath(job), encoder.encode(lines.join('')));
    return true;
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_EXISTS')) return false;
    throw error;
  }
}

/** Whether the log of this attempt was harvested. */
export async function isHarvested(records: RecordStore, job: Job): Promise<boolean> {
  return (await records.read(loggedPath(job))) !== null;
}

/**
 * Receipts of both channels that may speak of the period, in the order of their paths. Posted ones are filed by when
 * they came, logged ones by the end of their job, so a month on each side is read too.
 * `harvested` is told the key of every job whose log was read whole.
 */
export async function* receiptsOf(
  records: RecordStore,
  period: ReportingPeriod,
  harvested: (jobKey: string) => void = () => undefined,
): AsyncGenerator<LedgerReceipt> {
  for (const month of monthsOf(period, 1, 1)) {
    for await (const path of records.list(`receipts/posted/${month}/`)) {
      const stored = await readStoredJson(records, path, postedShape);
      if (stored !== null) yield { receipt: stored.value.receipt, channel: 'posted', log: null, reference: path };
    }
    for await (const path of records.list(`receipts/logged/${month}/`)) yield* loggedReceipts(records, path, harvested);
  }
}

async function* loggedReceipts(
  records: RecordStore,
  path: string,
  harvested: (jobKey: string) => void,
): AsyncGenerator<LedgerReceipt> {
  const stored = await records.read(path);
  if (stored === null) return;
  const [header, ...receipts] = parseRecordLines(stored.bytes, path);
  const { job, logSha256 } = checkRecord(loggedHeaderShape, header, path, 'line 1');
  if (logSha256 !== null) harvested(jobKey(job));
  for (const [index, line] of receipts.entries()) {
    const receipt = checkRecord(receiptShape, line, path, `line ${String(index + 2)}`);
    yield { receipt, channel: 'logged', log: job, reference: `${path}#${String(index + 1)}` };
  }
}

function loggedPath(job: LoggingJob): string {
  return `receipts/logged/${monthOf(new Date(job.completedAt ?? job.createdAt))}/${jobKey(job)}.ndjson`;
}
