import type { FetchConfiguration } from '../configuration/fetch-configuration.ts';
import type { JobContext } from '../job-context.ts';

/** Whether receipts and messages must hide the names of vaults and secrets, because this job's log is or may be public. */
export function requiresNamePrivacy({ names }: FetchConfiguration, job: JobContext | null): boolean {
  return names === 'opaque' || (names === 'auto' && (job?.exposed ?? true));
}
