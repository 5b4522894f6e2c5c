import type { JobNumbers } from '../../provenance/job-numbers.ts';
import type { Receipt } from '../../provenance/receipt.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { Job } from '../model/job.ts';
import type { JobFeed } from './job-feed.ts';
import { recordPostedReceipt } from './receipt-ledger.ts';
import { takeReceiptRoom } from './receipt-room.ts';
import { recordNamedJob } from './record-named-job.ts';

/**
 * Stores the receipts of one post, all of one job, whose runtime token Gitea has just confirmed. The token holds neither
 * attempt nor repository, so Gitea is asked for the job: `not-its-job` if it says otherwise. `too-many` if the task has
 * posted as many as a task may. In both cases nothing is stored. A Gitea that does not answer before `signal` aborts is no
 * reason to refuse: grading compares the numbers again. `feed`: `null` if the jobs are not collected.
 */
export async function recordReceipts(
  { feed, records, now }: { readonly feed: JobFeed | null; readonly records: RecordStore; readonly now: () => Date },
  receipts: readonly Receipt[],
  signal?: AbortSignal,
): Promise<'recorded' | 'not-its-job' | 'too-many'> {
  const [job] = receipts.map((receipt) => receipt.job);
  if (job === undefined) return 'recorded';
  if (feed !== null) {
    // It is running at this moment: soon another attempt may take its row.
    const named = { jobId: job.jobId, repositoryId: job.repositoryId, repository: null };
    const told = await recordNamedJob({ feed, records, now }, named, signal);
    if (typeof told === 'object' && !isOf(told, job)) return 'not-its-job';
    // Gitea shows the jobs of every repository, and this repository has none of this id.
    if (told === 'not-there' && feed.whole() && job.repositoryId !== null) return 'not-its-job';
  }
  if (!(await takeReceiptRoom(records, job, receipts.length, now()))) return 'too-many';
  for (const receipt of receipts) await recordPostedReceipt(records, receipt, { postedAt: now() });
  return 'recorded';
}

function isOf(told: Pick<Job, 'attempt' | 'repositoryId'>, { attempt, repositoryId }: JobNumbers): boolean {
  return told.attempt === attempt && (repositoryId === null || told.repositoryId === repositoryId);
}
