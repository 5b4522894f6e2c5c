import type { JobNumbers } from '../../provenance/job-numbers.ts';
import type { Job } from './job.ts';

/** `owner/name run/job.attempt`: how a job is printed in reports, findings and lists of candidates. */
export function jobName({ repository, runId, jobId, attempt }: Job): string {
  return `${repository} ${String(runId)}/${String(jobId)}.${String(attempt)}`;
}

/** The key under which jobs, receipts and stamps meet: instance, job and attempt. Job ids are unique in one Gitea. */
export function jobKey({ instance, jobId, attempt }: Pick<JobNumbers, 'instance' | 'jobId' | 'attempt'>): string {
  return `${instance}-${String(jobId)}-${String(attempt)}`;
}
