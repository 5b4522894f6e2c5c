import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { closeEarlierAttempts } from './close-attempts.ts';
import { jobCollection, type UnfinishedJob } from './job-collection.ts';
import type { JobFeed, NamedJob } from './job-feed.ts';
import { recordJob } from './job-ledger.ts';
import { nameJobs } from './named-jobs.ts';

/**
 * Asks Gitea for a job that was just named and records it: an attempt may last less than a second, and before Gitea 1.27
 * the next attempt takes its row. The job stays named, so that the next pass asks again.
 * Returns whether Gitea returned the job; if Gitea does not answer now, returns false.
 */
export async function recordNamedJob(
  { feed, records, now }: { readonly feed: JobFeed; readonly records: RecordStore; readonly now: () => Date },
  named: NamedJob,
  signal?: AbortSignal,
): Promise<boolean> {
  await nameJobs(records, [named], now());
  const look = now();
  try {
    const told = await feed.job(named, signal);
    if (told === null) return false;
    await closeEarlierAttempts(records, told, await openAttempts(records, named.jobId), look);
    await recordJob(records, told.job);
    return true;
  } catch (error) {
    if (ServiceError.is(error) && error.layer === 'gitea') return false;
    throw error;
  }
}

async function openAttempts(records: RecordStore, jobId: number): Promise<ReadonlyMap<number, UnfinishedJob>> {
  const unfinished = (await jobCollection(records))?.unfinished ?? [];
  return new Map(unfinished.flatMap((one) => (one.job.jobId === jobId ? [[one.job.attempt, one] as const] : [])));
}
