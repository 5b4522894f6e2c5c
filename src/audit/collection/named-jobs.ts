import { z } from 'zod';
import { recordedTime } from '../../records/parse-record.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { hourMs } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import type { NamedJob } from './job-feed.ts';
import { createJson, jsonBytes, readStoredJson } from './stored-json.ts';

/** A named job that Gitea has not answered for yet. */
export interface WaitingJob extends NamedJob {
  /** ISO 8601. */
  readonly since: string;
}

const path = 'collection/named-jobs.json';

const namedShape = z.object({
  format: z.literal(1),
  jobs: z.array(
    z.object({
      jobId: z.int(),
      repositoryId: z.int().nullable(),
      repository: z.string().nullable(),
      since: recordedTime,
    }),
  ),
});

// A forger can name any number of jobs, and each costs a request to Gitea.
const mostWaiting = 500;

/** After this long without an answer from Gitea, a named job is dropped. */
const patienceMs = 7 * 24 * hourMs;

/** Names jobs for the next pass, each once. Drops the newest beyond 500. */
export async function nameJobs(records: RecordStore, jobs: readonly NamedJob[], now: Date): Promise<void> {
  if (jobs.length === 0) return;
  await change(records, (waiting) => {
    const known = new Set(waiting.map(({ jobId }) => jobId));
    const fresh = jobs.filter(({ jobId }) => !known.has(jobId) && known.add(jobId));
    const since = now.toISOString();
    return [...waiting, ...fresh.map((job) => ({ ...job, since }))].slice(0, mostWaiting);
  });
}

export async function namedJobs(records: RecordStore): Promise<readonly WaitingJob[]> {
  return (await readStoredJson(records, path, namedShape))?.value.jobs ?? [];
}

/** Removes the jobs that Gitea answered for, and those that waited for seven days. */
export async function settleNamedJobs(records: RecordStore, answered: ReadonlySet<number>, now: Date): Promise<void> {
  await change(records, (waiting) =>
    waiting.filter(({ jobId, since }) => !answered.has(jobId) && now.getTime() - Date.parse(since) < patienceMs),
  );
}

/** Replaces the list, and retries if another worker changed it first. */
async function change(
  records: RecordStore,
  next: (waiting: readonly WaitingJob[]) => readonly WaitingJob[],
): Promise<void> {
  for (;;) {
    const stored = await readStoredJson(records, path, namedShape);
    const before = stored?.value.jobs ?? [];
    const jobs = next(before);
    if (jobs.length === before.length) return;
    if (stored === null) {
      if (await createJson(records, path, { format: 1, jobs })) return;
      continue;
    }
    try {
      await records.replace(path, jsonBytes({ format: 1, jobs }), stored.revision);
      return;
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_CHANGED')) throw error;
    }
  }
}
