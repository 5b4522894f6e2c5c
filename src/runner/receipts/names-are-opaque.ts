import type { FetchConfiguration } from '../configuration/fetch-configuration.ts';
import type { JobContext } from '../job-context.ts';

/** Whether receipts and messages may not tell the names of vaults and secrets: this job's log is open to everybody, or may be. */
export function namesAreOpaque({ names }: FetchConfiguration, job: JobContext | null): boolean {
  return names === 'opaque' || (names === 'auto' && (job?.exposed ?? true));
}
