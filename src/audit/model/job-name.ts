import type { JobNumbers } from '../../provenance/job-numbers.ts';
import type { Job } from './job.ts';

/** `owner/name run/job.attempt`: the name of a job in reports, findings and lists of candidates. */
export function jobName({ repository, runId, jobId, attempt }: Job): string {
  return `${repository} ${String(runId)}/${String(jobId)}.${String(attempt)}`;
}

/** The key that joins jobs, receipts and stamps: instance, job and attempt. Job ids are unique within one Gitea. */
export function jobKey({ instance, jobId, attempt }: KeyNumbers): string {
  return `${instance}-${String(jobId)}-${String(attempt)}`;
}

type KeyNumbers = Pick<JobNumbers, 'instance' | 'jobId' | 'attempt'>;

/** Whether both have the same key. */
export function isSameJob(one: KeyNumbers, other: KeyNumbers): boolean {
  return one.jobId === other.jobId && one.attempt === other.attempt && one.instance === other.instance;
}
