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
 * Keeps the newest data on one attempt of a job: runs are deleted, repositories renamed, and re-runs reset rows, so data
 * that Gitea returned once is kept. Data from a hook never replaces data from the API, nor a start an end.
 * Returns whether anything was written.
 */
export async function recordJob(records: RecordStore, job: Job): Promise<boolean> {
  // Filed by its start: before Gitea 1.27 a re-run keeps the creation time of the first attempt.
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

/** Yields attempts that may have run in the period: started in it, or in the month before. One that waited past the end of a month occurs twice. */
export async function* jobsOf(records: RecordStore, period: ReportingPeriod): AsyncGenerator<Job> {
  for (const month of monthsOf(period, 1, 0)) {
    for await (const path of records.list(`jobs/${month}/`)) {
      const stored = await readStoredJson(records, path, jobShape);
      if (stored !== null) yield stored.value;
    }
  }
}

/** Returns the ledger's record of an attempt, a finished one first; `null` if there is none. Looks in every month since its creation. */
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
 * Keeps the repository's first name and a known task id, because a rename must not rewrite the past. Also keeps a known
 * origin, and never replaces an end that Gitea stated by an inferred one.
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
