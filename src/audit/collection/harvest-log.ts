import { createHash } from 'node:crypto';
import { parseReceiptLine } from '../../provenance/receipt-line.ts';
import type { Receipt } from '../../provenance/receipt.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { hourMs } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import type { Job } from '../model/job.ts';
import type { JobFeed } from './job-feed.ts';
import { cutLogShort, type LogReading, readLogReading, recordLogReading } from './receipt-ledger.ts';

/** Gitea stores a log moments after its job ends; after an hour without one, none will come. */
const logPatienceMs = hourMs;

/**
 * A runner learns of a cancel 0.8 to 4.2 seconds later (measured) and uploads its last rows then, within 15 seconds. Source: recorded `job-log-cancelled-*` of Gitea 1.26.3.
 */
const settlingMs = 60_000;

export interface Harvest {
  /** `again`: must be read once more. `not-read`: Gitea did not return it, which may change. */
  readonly outcome: 'done' | 'again' | 'not-read';
  /** 1 at the first reading of this log, else 0. */
  readonly logs: number;
  /** The number of new receipts. */
  readonly receipts: number;
}

/**
 * Records the receipts in the log of a finished attempt. Reads the log at once, because a re-run hides it and its owner can
 * delete it, and again in later passes until two readings agree, the second at least a minute after the end.
 */
export async function harvestLog(
  { feed, records, now }: { readonly feed: JobFeed; readonly records: RecordStore; readonly now: () => Date },
  job: Job,
): Promise<Harvest> {
  const before = await readLogReading(records, job);
  if (before !== null && before.state !== 'growing') return harvest('done');
  const log = job.startedAt === null ? null : await logOf(feed, job);
  if (log === 'not-read') return harvest('not-read');
  const at = now();
  const age = at.getTime() - Date.parse(job.completedAt ?? job.createdAt);
  if (log === null) return await withoutLog({ records, before, at, age }, job);
  return await withLog({ records, before, at, age }, job, log.text);
}

interface Reading {
  readonly records: RecordStore;
  readonly before: LogReading | null;
  readonly at: Date;
  /** Milliseconds since the end. */
  readonly age: number;
}

async function withoutLog({ records, before, at, age }: Reading, job: Job): Promise<Harvest> {
  if (before !== null) {
    // A re-run has hidden it, or its owner has deleted it; the first reading may have been incomplete.
    await cutLogShort(records, job);
    return harvest('done');
  }
  if (job.startedAt !== null && age < logPatienceMs) return harvest('again');
  await recordLogReading(records, job, { at, logSha256: null, state: 'none', receipts: [] });
  return harvest('done');
}

async function withLog({ records, before, at, age }: Reading, job: Job, text: string): Promise<Harvest> {
  const logSha256 = createHash('sha256').update(text).digest('hex');
  const same = before?.logSha256 === logSha256;
  if (same && age < settlingMs) return harvest('again');
  const reading = {
    at,
    logSha256,
    state: same ? ('settled' as const) : ('growing' as const),
    receipts: receiptsIn(text),
  };
  const added = await recordLogReading(records, job, reading);
  return { outcome: same ? 'done' : 'again', logs: before === null ? 1 : 0, receipts: added };
}

function harvest(outcome: Harvest['outcome']): Harvest {
  return { outcome, logs: 0, receipts: 0 };
}

async function logOf(feed: JobFeed, job: Job): Promise<{ readonly text: string } | 'not-read' | null> {
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
