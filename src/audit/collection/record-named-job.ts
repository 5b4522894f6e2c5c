import type { Job } from '../model/job.ts';
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
 * Returns the job; `not-there` if Gitea has no such job or does not show it; `not-answered` if Gitea does not answer now.
 */
export async function recordNamedJob(
  { feed, records, now }: { readonly feed: JobFeed; readonly records: RecordStore; readonly now: () => Date },
  named: NamedJob,
  signal?: AbortSignal,
): Promise<Job | 'not-there' | 'not-answered'> {
  await nameJobs(records, [named], now());
  const look = now();
  try {
    const told = await feed.job(named, signal);
    if (told === null) return 'not-there';
    await closeEarlierAttempts(records, told, await openAttempts(records, named.jobId), look);
    await recordJob(records, told.job);
    return told.job;
  } catch (error) {
    if (ServiceError.is(error) && error.layer === 'gitea') return 'not-answered';
    throw error;
  }
}

async function openAttempts(records: RecordStore, jobId: number): Promise<ReadonlyMap<number, UnfinishedJob>> {
  const unfinished = (await jobCollection(records))?.unfinished ?? [];
  return new Map(unfinished.flatMap((one) => (one.job.jobId === jobId ? [[one.job.attempt, one] as const] : [])));
}
