import type { Job } from '../model/job.ts';

/** Gitea's jobs and their logs. Rejects when Gitea could not be read. */
export interface JobFeed {
  /** Jobs of all repositories that the token may read whose id is above the mark, or that had not ended when last seen. */
  jobs(since: { readonly highestJobId: number; readonly unfinished: readonly Job[] }): AsyncIterable<Job>;
  /** The log of a job's current attempt as text, or `null` when Gitea has none (not started, or expired). */
  log(job: Job): Promise<string | null>;
}
