import { createHash } from 'node:crypto';
import { z } from 'zod';
import { hourMs } from '../../secrets/duration.ts';
import { parseReceiptLine } from '../../provenance/receipt-line.ts';
import type { Receipt } from '../../provenance/receipt.ts';
import { recordedTime } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import type { JobFeed } from './job-feed.ts';
import { recordJob } from './job-ledger.ts';
import { jobKey } from '../model/job-name.ts';
import { jobShape } from '../model/job-shape.ts';
import type { Job } from '../model/job.ts';
import { isHarvested, recordLoggedReceipts } from './receipt-ledger.ts';
import { createJson, jsonBytes, readStoredJson } from './stored-json.ts';

/** How far the collection of jobs has come. */
export interface JobCollection {
  readonly format: 1;
  readonly highestJobId: number;
  /** Every job created before this was seen, in every repository that Gitea shows us. ISO 8601. */
  readonly completeTo: string;
  /** Not ended when last seen, or ended with a log that Gitea has not yet given. */
  readonly unfinished: readonly Job[];
}

interface Collection {
  readonly feed: JobFeed;
  readonly records: RecordStore;
  readonly now: () => Date;
}

const path = 'collection/jobs.json';

const collectionShape: z.ZodType<JobCollection> = z.object({
  format: z.literal(1),
  highestJobId: z.int(),
  completeTo: recordedTime,
  unfinished: z.array(jobShape),
});

/** A log is stored moments after its job ends; after an hour without one there is none to come. */
const logPatienceMs = hourMs;

/**
 * Collects what Gitea has to say since the last pass: attempts of jobs into the ledger, and from the log of each that
 * has ended the receipts in it. The log is read at once on completion, for a re-run hides it and its owner can delete it.
 * Safe to run again, and beside another: the ledger keeps the newest word, and each log is kept once.
 * A log that could not be read (`logsNotRead`) is tried again in each pass and holds up no other job: a job chooses how
 * much it prints.
 */
export async function collectJobs({ feed, records, now }: Collection): Promise<{
  readonly jobs: number;
  readonly logs: number;
  readonly receipts: number;
  readonly logsNotRead: number;
  readonly unfinished: number;
}> {
  const startedAt = now();
  const before = await readStoredJson(records, path, collectionShape);
  const known = before?.value;
  const counts = { jobs: 0, logs: 0, receipts: 0, logsNotRead: 0 };
  const unfinished = new Map<string, Job>();
  let highestJobId = known?.highestJobId ?? 0;

  const since = { highestJobId, unfinished: known?.unfinished ?? [] };
  // What the feed does not speak of any more (a deleted run) is given up with what was known of it.
  for await (const job of feed.jobs(since)) {
    highestJobId = Math.max(highestJobId, job.jobId);
    if (await recordJob(records, job)) counts.jobs += 1;
    const harvest = job.status === 'completed' ? await harvestLog({ feed, records, now }, job) : 'too-early';
    if (harvest === 'not-read') counts.logsNotRead += 1;
    if (typeof harvest === 'string') unfinished.set(jobKey(job), job);
    else {
      unfinished.delete(jobKey(job));
      counts.logs += harvest.logs;
      counts.receipts += harvest.receipts;
    }
  }

  const after = { format: 1, highestJobId, completeTo: startedAt.toISOString(), unfinished: [...unfinished.values()] };
  await saveUnlessOvertaken(records, after, before?.revision ?? null);
  return { ...counts, unfinished: unfinished.size };
}

/** A pass beside this one (a timer's, a hook's) has seen the same from the same mark: what it wrote will do. */
async function saveUnlessOvertaken(records: RecordStore, state: object, revision: Revision | null): Promise<void> {
  if (revision === null) {
    await createJson(records, path, state);
    return;
  }
  try {
    await records.replace(path, jsonBytes(state), revision);
  } catch (error) {
    if (!ServiceError.is(error, 'RECORD_CHANGED')) throw error;
  }
}

/** How far the collection has come; `null` before the first pass. */
export async function jobCollection(records: RecordStore): Promise<JobCollection | null> {
  return (await readStoredJson(records, path, collectionShape))?.value ?? null;
}

/** Keeps the receipts in the log of an attempt that has ended, unless its log is still to come or could not be read now. */
async function harvestLog(
  { feed, records, now }: Collection,
  job: Job,
): Promise<{ readonly logs: number; readonly receipts: number } | 'too-early' | 'not-read'> {
  if (await isHarvested(records, job)) return { logs: 0, receipts: 0 };
  const log = job.startedAt === null ? null : await readJobLog(feed, job);
  if (log === 'not-read') return log;
  const at = now();
  const ended = Date.parse(job.completedAt ?? job.createdAt);
  if (log === null && job.startedAt !== null && at.getTime() - ended < logPatienceMs) return 'too-early';
  const receipts = log === null ? [] : receiptsIn(log.text);
  const logSha256 = log === null ? null : createHash('sha256').update(log.text).digest('hex');
  const isNew = await recordLoggedReceipts(records, job, { at, logSha256, receipts });
  return isNew ? { logs: 1, receipts: receipts.length } : { logs: 0, receipts: 0 };
}

async function readJobLog(feed: JobFeed, job: Job): Promise<{ readonly text: string } | 'not-read' | null> {
  try {
    const text = await feed.log(job);
    return text === null ? null : { text };
  } catch (error) {
    if (ServiceError.is(error)) return 'not-read';
    throw error;
  }
}

function receiptsIn(log: string): Receipt[] {
  return log.split('\n').flatMap((line) => parseReceiptLine(line) ?? []);
}
