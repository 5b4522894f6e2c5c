import { type JobStamp, parseJobStamp } from '../../provenance/job-stamp.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { dayMs } from '../../secrets/duration.ts';
import { jobKey } from '../model/job-name.ts';
import { readAttempt } from './job-ledger.ts';
import { nameJobs } from './named-jobs.ts';

/** How long before a read the ledger is searched: as long as a workspace keeps its rows. */
const lookBackMs = 30 * dayMs;

/** The most stamps per pass, because a forger can stamp any number of jobs. */
const mostStamps = 200;

/** Collects the stamps in rows of the log, each job once. They only decide what to ask Gitea; no grade rests on them. */
export function collectStamps(rows: readonly unknown[], into: Map<string, JobStamp>): void {
  for (const row of rows) {
    for (const [text] of JSON.stringify(row).matchAll(/keyturn\/[^"\\]{1,160}/g)) {
      const stamp = parseJobStamp(text);
      if (stamp !== null && into.size < mostStamps) into.set(jobKey(stamp), stamp);
    }
  }
}

/** Names the stamped jobs of this Gitea that the ledger lacks, so that the next pass asks for each. */
export async function nameStampedJobs(
  records: RecordStore,
  stamps: Iterable<JobStamp>,
  { instance, now }: { readonly instance: string; readonly now: Date },
): Promise<void> {
  const missing: JobStamp[] = [];
  const createdAt = new Date(now.getTime() - lookBackMs).toISOString();
  for (const stamp of stamps) {
    if (stamp.instance !== instance) continue;
    if ((await readAttempt(records, { ...stamp, createdAt }, now)) === null) missing.push(stamp);
  }
  const named = missing.map(({ jobId, repositoryId }) => ({ jobId, repositoryId, repository: null }));
  await nameJobs(records, named, now);
}
