import type { Job } from '../model/job.ts';
import { readEntries } from './read-entries.ts';

/** Reads the jobs of a file, one per line, in the ledger's form. @throws ServiceError `RECORD_UNREADABLE`. */
export async function readJobFile(path: string | null): Promise<Job[]> {
  return await readEntries(path, toJob);
}

function toJob(value: unknown): Job | null {
  const job = value as Partial<Job> | null;
  const numbers = [job?.repositoryId, job?.runId, job?.jobId, job?.attempt];
  const whole = numbers.every((number) => Number.isSafeInteger(number));
  const texts = [job?.instance, job?.repository, job?.createdAt, job?.status].every((text) => typeof text === 'string');
  return job?.format === 1 && whole && texts && Array.isArray(job.labels) ? (job as Job) : null;
}
