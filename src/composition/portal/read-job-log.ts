import { jobName } from '../../audit/model/job-name.ts';
import type { JobFeed } from '../../audit/collection/job-feed.ts';

/** Reads the log of the job that a report names `owner/name run/job.attempt`; `null` if Gitea has no such job, attempt or log. */
export async function readJobLog(feed: JobFeed, name: string): Promise<string | null> {
  const [, repository, jobId] = /^(\S+\/\S+) \d+\/(\d{1,15})\.\d+$/.exec(name) ?? [];
  if (repository === undefined || jobId === undefined) return null;
  const found = await feed.job({ jobId: Number(jobId), repositoryId: null, repository });
  // A log is that of the current attempt, so it is not shown for an earlier one.
  if (found === null || jobName(found.job) !== name) return null;
  return await feed.log(found.job);
}
