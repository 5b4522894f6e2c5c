import { isDeepStrictEqual } from 'node:util';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import { monthOf, monthsOf } from '../model/calendar.ts';
import { jobKey } from '../model/job-name.ts';
import { jobShape } from '../model/job-shape.ts';
import type { Job } from '../model/job.ts';
import { createJson, jsonBytes, readStoredJson } from './stored-json.ts';

/**
 * Keeps the newest word on one attempt of a job: runs are deleted, repositories renamed and rows reset by a re-run, so
 * what Gitea told once is kept. A word from the API is never replaced by one from a hook, nor an end by a beginning.
 * Returns whether anything was written.
 */
export async function recordJob(records: RecordStore, job: Job): Promise<boolean> {
  // By its start: before Gitea 1.27 a re-run keeps the creation of the first attempt, however long ago.
  const path = pathOf(job, new Date(job.startedAt ?? job.createdAt));
  for (;;) {
    const stored = await readStoredJson(records, path, jobShape);
    if (stored === null) {
      if (await createJson(records, path, job)) return true;
      continue;
    }
    const known = stored.value;
    const newest = newer(known, job);
    if (isDeepStrictEqual(newest, known)) return false;
    try {
      await records.replace(path, jsonBytes(newest), stored.revision);
      return true;
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_CHANGED')) throw error;
    }
  }
}

/** Attempts of jobs that may have run in the period: started in it, or in the month before. One that waited over a month's end comes twice. */
export async function* jobsOf(records: RecordStore, period: ReportingPeriod): AsyncGenerator<Job> {
  for (const month of monthsOf(period, 1, 0)) {
    for await (const path of records.list(`jobs/${month}/`)) {
      const stored = await readStoredJson(records, path, jobShape);
      if (stored !== null) yield stored.value;
    }
  }
}

/** What the ledger holds of an attempt, an end before a beginning; `null` if nothing. It may have waited over a month's end. */
export async function readAttempt(
  records: RecordStore,
  job: Pick<Job, 'instance' | 'jobId' | 'attempt' | 'createdAt'>,
  until: Date,
): Promise<Job | null> {
  const from = new Date(job.createdAt);
  let found: Job | null = null;
  for (const month of monthsOf({ from, to: new Date(until.getTime() + 1) }, 0, 0)) {
    const stored = await readStoredJson(records, `jobs/${month}/${jobKey(job)}.json`, jobShape);
    if (stored === null) continue;
    found = stored.value;
    if (found.status === 'completed') return found;
  }
  return found;
}

function pathOf(job: Pick<Job, 'instance' | 'jobId' | 'attempt'>, at: Date): string {
  return `jobs/${monthOf(at)}/${jobKey(job)}.json`;
}

const progress = { queued: 0, waiting: 0, in_progress: 1, completed: 2 } as const satisfies Record<
  Job['status'],
  number
>;

/**
 * The repository's first name and a task id once known are kept: a rename must not rewrite the past. So is an origin once
 * known, and an end that Gitea told is never replaced by one that was only concluded.
 */
function newer(known: Job, told: Job): Job {
  if (known.known === 'api' && told.known === 'hook') return known;
  if (progress[told.status] < progress[known.status] && !(known.known === 'hook' && told.known === 'api')) return known;
  const endKnown = known.status === 'completed' && known.endedBetween === undefined;
  if (told.endedBetween !== undefined && endKnown) return known;
  const { forkUnknownBecause: _, ...rest } = told;
  const origin = told.fork === 'unknown' && known.fork !== 'unknown';
  return {
    ...(origin ? { ...rest, fork: known.fork, branch: known.branch } : told),
    repository: known.repository,
    taskId: told.taskId ?? known.taskId,
  };
}
