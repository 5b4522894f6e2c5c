import type { JobNumbers } from '../../provenance/job-numbers.ts';
import type { Job } from './job.ts';

/** `owner/name run/job.attempt`: the name of a job in reports, findings and lists of candidates. */
export function jobName(job: Job): string {
  if (lastNamed?.job === job) return lastNamed.name;
  const { repository, runId, jobId, attempt } = job;
  lastNamed = { job, name: `${repository} ${String(runId)}/${String(jobId)}.${String(attempt)}` };
  return lastNamed.name;
}

/** Neighbouring rows are often of one job, whose name is asked for several times. */
let lastNamed: { readonly job: Job; readonly name: string } | null = null;

/** The key that joins jobs, receipts and stamps: instance, job and attempt. Job ids are unique within one Gitea. */
export function jobKey(numbers: KeyNumbers): string {
  if (lastKeyed?.numbers === numbers) return lastKeyed.key;
  const { instance, jobId, attempt } = numbers;
  lastKeyed = { numbers, key: `${instance}-${String(jobId)}-${String(attempt)}` };
  return lastKeyed.key;
}

let lastKeyed: { readonly numbers: KeyNumbers; readonly key: string } | null = null;

type KeyNumbers = Pick<JobNumbers, 'instance' | 'jobId' | 'attempt'>;

/** Whether both have the same key. */
export function isSameJob(one: KeyNumbers, other: KeyNumbers): boolean {
  return one.jobId === other.jobId && one.attempt === other.attempt && one.instance === other.instance;
}
