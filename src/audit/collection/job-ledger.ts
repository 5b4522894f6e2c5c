import { isDeepStrictEqual } from 'node:util';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import type { Job } from '../model/job.ts';
import { jobShape } from '../model/job-shape.ts';
import { jobKey } from '../model/job-name.ts';
import { monthOf, monthsOf } from '../model/calendar.ts';
import { createJson, jsonBytes, readStoredJson } from './stored-json.ts';

/**
 * Keeps the newest word on one attempt of a job: runs are deleted, repositories renamed and rows reset by a re-run, so
 * what Gitea told once is kept. A word from the API is never replaced by one from a hook, nor an end by a beginning.
 * Gives whether anything was written.
 */
export async function recordJob(records: RecordStore, job: Job): Promise<boolean> {
  // By its start: before Gitea 1.27 a re-run keeps the creation of the first attempt, however long ago.
  const path = `jobs/${monthOf(new Date(job.startedAt ?? job.createdAt))}/${jobKey(job)}.json`;
  for (;;) {
    const stored = await readStoredJson(records, path, jobShape);
    if (stored === null) {
      if (await createJson(records, path, job)) return true;
      continue;
    }
    const newest = newer(stored.value, job);
    if (isDeepStrictEqual(newest, stored.value)) return false;
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

const progress = { queued: 0, waiting: 0, in_progress: 1, completed: 2 } as const satisfies Record<
  Job['status'],
  number
>;

/** The repository's first name and a task id once known are kept: a rename must not rewrite the past. */
function newer(known: Job, told: Job): Job {
  if (known.known === 'api' && told.known === 'hook') return known;
  if (progress[told.status] < progress[known.status] && !(known.known === 'hook' && told.known === 'api')) return known;
  return { ...told, repository: known.repository, taskId: told.taskId ?? known.taskId };
}
