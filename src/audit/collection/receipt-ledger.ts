import { z } from 'zod';
import { parseReceipt, receiptDigest } from '../../provenance/parse-receipt.ts';
import type { JobNumbers } from '../../provenance/job-numbers.ts';
import type { Receipt } from '../../provenance/receipt.ts';
import { checkRecord, parseRecordLines, recordedTime } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import type { Job } from '../model/job.ts';
import { jobKey } from '../model/job-name.ts';
import { monthOf, monthsOf } from '../model/calendar.ts';
import { createJson, readStoredJson } from './stored-json.ts';

/** A receipt and how Keyturn got it. */
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

/** `parseReceipt` knows the exact shape of a receipt. */
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
  state: z.enum(['growing', 'settled', 'cut-short', 'none']),
});

/**
 * Keeps a receipt that a running job posted. The caller has checked the job's runtime token against Gitea and that the
 * numbers in it are the receipt's. Posting again changes nothing; another receipt of the same place in the chain is kept
 * beside it, so that it is found as a duplicate. Returns whether it is new.
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

/** The newest reading of one job's log. */
export interface LogReading {
  readonly at: Date;
  /** `null` if Gitea has no log. */
  readonly logSha256: string | null;
  /**
   * `growing`: must be read again, because a runner may still send rows. `settled`: two readings agree. `cut-short`: the
   * second reading was impossible. `none`: there is no log. Only a settled log was read completely.
   */
  readonly state: 'growing' | 'settled' | 'cut-short' | 'none';
  readonly receipts: readonly Receipt[];
}

/**
 * Records the receipts in one job's log: a header, then one receipt per line. A later reading replaces an earlier one and
 * keeps every receipt of both. Returns the number of new receipts.
 */
export async function recordLogReading(records: RecordStore, job: LoggingJob, reading: LogReading): Promise<number> {
  for (;;) {
    const stored = await readStored(records, job);
    const before = stored?.reading.receipts ?? [];
    const known = new Set(before.map(receiptDigest));
    const fresh = reading.receipts.filter((receipt) => !known.has(receiptDigest(receipt)));
    if (await write(records, job, { ...reading, receipts: [...before, ...fresh] }, stored?.revision ?? null)) {
      return fresh.length;
    }
  }
}

/** Marks a log as cut short if it was read, may have grown since, and cannot be read again. Otherwise changes nothing. */
export async function cutLogShort(records: RecordStore, job: LoggingJob): Promise<void> {
  for (;;) {
    const stored = await readStored(records, job);
    if (stored?.reading.state !== 'growing') return;
    if (await write(records, job, { ...stored.reading, state: 'cut-short' }, stored.revision)) return;
  }
}

/** Returns the newest reading of this attempt's log; `null` if it was never read. */
export async function readLogReading(records: RecordStore, job: LoggingJob): Promise<LogReading | null> {
  return (await readStored(records, job))?.reading ?? null;
}

async function readStored(
  records: RecordStore,
  job: LoggingJob,
): Promise<{ readonly reading: LogReading; readonly revision: Revision } | null> {
  const path = loggedPath(job);
  const stored = await records.read(path);
  if (stored === null) return null;
  const [header, ...lines] = parseRecordLines(stored.bytes, path);
  const { harvestedAt, logSha256, state } = checkRecord(loggedHeaderShape, header, path, 'line 1');
  const receipts = lines.map((line, index) => checkRecord(receiptShape, line, path, `line ${String(index + 2)}`));
  const reading = { at: new Date(harvestedAt), logSha256, state, receipts };
  return { reading, revision: stored.revision };
}

/** Returns false if another worker was faster. */
async function write(
  records: RecordStore,
  job: LoggingJob,
  { at, logSha256, state, receipts }: LogReading,
  revision: Revision | null,
): Promise<boolean> {
  const { instance, jobId, attempt } = job;
  const harvestedAt = at.toISOString();
  const header = { format: 1, job: { instance, jobId, attempt }, harvestedAt, logSha256, state };
  const lines = [header, ...receipts].map((line) => `${JSON.stringify(line)}\n`);
  const bytes = encoder.encode(lines.join(''));
  try {
    if (revision === null) await records.create(loggedPath(job), bytes);
    else await records.replace(loggedPath(job), bytes, revision);
    return true;
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_EXISTS') || ServiceError.is(error, 'RECORD_CHANGED')) return false;
    throw error;
  }
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
  const { job, state } = checkRecord(loggedHeaderShape, header, path, 'line 1');
  if (state === 'settled') harvested(jobKey(job));
  for (const [index, line] of receipts.entries()) {
    const receipt = checkRecord(receiptShape, line, path, `line ${String(index + 2)}`);
    yield { receipt, channel: 'logged', log: job, reference: `${path}#${String(index + 1)}` };
  }
}

function loggedPath(job: LoggingJob): string {
  return `receipts/logged/${monthOf(new Date(job.completedAt ?? job.createdAt))}/${jobKey(job)}.ndjson`;
}
