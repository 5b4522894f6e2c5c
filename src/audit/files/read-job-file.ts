import type { Job } from '../model/job.ts';
import { checkJob } from './check-job.ts';
import { readEntries } from './read-entries.ts';

/** Reads the jobs of a file, one per line, in the ledger's form. @throws ServiceError `RECORD_UNREADABLE`. */
export async function readJobFile(path: string | null): Promise<Job[]> {
  return await readEntries(path, checkJob);
}
