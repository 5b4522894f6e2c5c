import { formatJobStamp } from '../provenance/job-stamp.ts';
import type { SecretReference } from '../secrets/secret-reference.ts';
import { ServiceError } from '../service-error.ts';
import type { BrokerTools } from './broker-tools.ts';
import type { SessionState } from './journal/session-state.ts';
import type { ReadSecret } from './ports/secret-reader.ts';

/** Written into the stamp of a brokered read. */
const brokerVersion = 'broker';

interface StampedRead {
  readonly secret: SecretReference;
  readonly state: Pick<SessionState, 'job' | 'taskId'>;
  readonly nonce: string;
  /** Receives the vault's id of the request, also when the vault refuses. */
  readonly answered: (requestId: string) => void;
}

/** Reads one value with the stamp of the job for which it is read. @throws ServiceError of the vault */
export async function readStamped(
  { readers, jobs }: Pick<BrokerTools, 'readers' | 'jobs'>,
  { secret, state, nonce, answered }: StampedRead,
): Promise<ReadSecret> {
  const { vault } = secret;
  const { repositoryId, runId, jobId, attempt } = state.job;
  const numbers = { instance: jobs.instance, repositoryId, runId, jobId, attempt, taskId: state.taskId };
  const reader = readers.get(vault.toLowerCase());
  if (reader === undefined) throw new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'no reader' });
  const userAgent = formatJobStamp({ ...numbers, nonce, helper: brokerVersion });
  return await reader.read(secret, { userAgent, answered });
}
