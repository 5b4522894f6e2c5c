import type { RecordStore } from '../../records/record-store.ts';
import type { Job } from '../model/job.ts';
import { readAttempt, recordJob } from './job-ledger.ts';
import type { UnfinishedJob } from './job-collection.ts';

/** More re-runs of one job than any person asks for; only this many attempts before a row are closed. */
const mostAttempts = 100;

/**
 * Records the attempts before this row's as ended, if the ledger does not know their end: before Gitea 1.27 a re-run takes
 * the previous attempt's row. The end is between the last look at the attempt and the start of the next one.
 */
export async function closeEarlierAttempts(
  records: RecordStore,
  { job, endedBefore }: { readonly job: Job; readonly endedBefore: number },
  unfinished: ReadonlyMap<number, UnfinishedJob>,
  look: Date,
): Promise<void> {
  for (let attempt = Math.max(1, endedBefore - mostAttempts + 1); attempt <= endedBefore; attempt += 1) {
    const open = unfinished.get(attempt) ?? null;
    const known = await readAttempt(records, { ...job, attempt }, look);
    if (known?.status === 'completed') continue;
    const before = attempt === endedBefore && job.startedAt !== null ? job.startedAt : look.toISOString();
    await recordJob(records, closed(open?.job ?? known ?? unseen(job, attempt), open?.seenAt ?? job.createdAt, before));
  }
}

/** Records an attempt as ended if its run or repository was deleted. */
export async function closeGoneAttempt(
  records: RecordStore,
  { job, seenAt }: UnfinishedJob,
  look: Date,
): Promise<void> {
  if (job.status !== 'completed') await recordJob(records, closed(job, seenAt, look.toISOString()));
}

function closed(job: Job, after: string, before: string): Job {
  const endedBetween = { after: after < before ? after : before, before };
  return { ...job, status: 'completed', conclusion: null, completedAt: before, endedBetween };
}

/** An attempt that is known only because a later one exists. */
function unseen(later: Job, attempt: number): Job {
  return { ...later, attempt, taskId: null, runnerId: null, runnerName: null, startedAt: null };
}
