import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import type { BrokerConfiguration, FetchConfiguration } from '../configuration/fetch-configuration.ts';
import type { SecretRequest } from '../configuration/secret-request.ts';
import { vaultAddress } from '../configuration/vault-address.ts';
import type { HttpExchange } from '../http-exchange.ts';
import type { JobContext } from '../job-context.ts';
import { type FetchedSecret, usableSecret } from '../reading/fetch-secrets.ts';
import type { SecretRead } from '../receipts/secret-read.ts';
import type { Runtime } from '../runtime.ts';
import { askBroker, type BrokerCall, sayOnce } from './ask-broker.ts';
import { jobFolderOf, loadJobKey } from './key-file.ts';

/** What this process needs to speak to the broker for its job. */
export interface BrokerPorts {
  readonly configuration: FetchConfiguration;
  readonly broker: BrokerConfiguration;
  /** `null` outside a job: then there is nothing that Gitea could confirm. */
  readonly job: JobContext | null;
  readonly exchange: HttpExchange;
  readonly runtime: Runtime;
  readonly authority: string | undefined;
  readonly patienceMs: number;
}

/** Reads through the broker, which proves the job by Gitea's own word and keeps the journal. */
export interface BrokerReads {
  /** Opens the session of the job, or finds it opened by an earlier step. @throws ServiceError */
  open(): Promise<string>;
  /** Reads all secrets, each once. @throws ServiceError of the first that failed, in the order asked. */
  fetch(requests: readonly SecretRequest[]): Promise<readonly FetchedSecret[]>;
}

export function brokerReads(ports: BrokerPorts): BrokerReads {
  const { configuration, runtime } = ports;
  let session: Promise<string> | null = null;
  const opened = (): Promise<string> => (session ??= openSession(ports));
  return {
    open: opened,
    async fetch(requests) {
      const call = callOf(ports);
      const name = await opened();
      const reads = new Map<string, Promise<SecretRead>>();
      const asked = requests.map(async (request) => {
        const vault = vaultAddress(configuration, request.vault).name;
        const key = `${vault}/${request.name.toLowerCase()}@${request.version ?? ''}`;
        const read = reads.get(key) ?? readOne(call, name, { vault, name: request.name, version: request.version });
        reads.set(key, read);
        return { request, read: await read };
      });
      const answered = await Promise.all(asked);
      return answered.map(({ request, read }) => usableSecret(request, read, runtime.now()));
    },
  };
}

/** @throws ServiceError `BROKER_JOB_NOT_CONFIRMED` outside a job, and if the key of the job cannot be used */
export function callOf({
  configuration,
  broker,
  job,
  exchange,
  runtime,
  authority,
  patienceMs,
}: BrokerPorts): BrokerCall {
  const { service } = configuration;
  if (job === null || service === null)
    throw new ServiceError('BROKER_JOB_NOT_CONFIRMED', { reason: 'this is no job' });
  const key = loadJobKey({
    folder: broker.keys,
    jobFolder: jobFolderOf(runtime.environment),
    numbers: job.numbers,
    nonce: runtime.nonce(8),
  });
  return { exchange, runtime, service, key, authority, patienceMs, say: sayOnce(runtime.say) };
}

/** Opens the session of the job, or finds it opened by an earlier step. @throws ServiceError */
export async function openSession(ports: BrokerPorts): Promise<string> {
  const { environment } = ports.runtime;
  const answer = await askBroker(callOf(ports), '/broker/sessions', {
    body: { repository: environment['GITHUB_REPOSITORY'] ?? '' },
    bearer: environment['ACTIONS_RUNTIME_TOKEN'] ?? '',
    about: null,
  });
  const { session } = answer;
  if (typeof session !== 'string') throw unknownAnswer(ports.configuration.service, 'session');
  return session;
}

async function readOne(
  call: BrokerCall,
  session: string,
  secret: { readonly vault: string; readonly name: string; readonly version: string | null },
): Promise<SecretRead> {
  const common = { vault: secret.vault, name: secret.name, clientRequestId: '', requests: [], address: null };
  try {
    const answer = await readWhenApproved(call, session, secret);
    const { value, version, at } = answer;
    if (typeof value !== 'string' || typeof version !== 'string') throw unknownAnswer(call.service, 'value');
    const vaultNow = timeOf(at);
    return {
      ...common,
      clockOffsetMs: vaultNow === null ? null : vaultNow.getTime() - call.runtime.now().getTime(),
      outcome: {
        kind: 'served',
        secret: {
          value: new SecretValue(value),
          version,
          validFrom: timeOf(answer['validFrom']),
          expires: timeOf(answer['expires']),
        },
      },
    };
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    return { ...common, clockOffsetMs: null, outcome: { kind: 'failed', error } };
  }
}

/** Asks for the value; while a person is waited for, asks whether one has approved, and then for the value again. */
async function readWhenApproved(
  call: BrokerCall,
  session: string,
  secret: { readonly vault: string; readonly name: string; readonly version: string | null },
): ReturnType<typeof askBroker> {
  const body = { session, ...secret };
  const until = call.runtime.now().getTime() + call.patienceMs;
  for (;;) {
    try {
      return await askBroker(call, '/broker/reads', { body, about: secret });
    } catch (error) {
      const patienceMs = until - call.runtime.now().getTime();
      if (!ServiceError.is(error, 'ACCESS_NOT_APPROVED') || patienceMs <= 0) throw error;
      await askBroker({ ...call, patienceMs }, '/broker/reads', { body: { ...body, look: true }, about: secret });
    }
  }
}

function timeOf(value: unknown): Date | null {
  const time = typeof value === 'string' ? new Date(value) : null;
  return time === null || Number.isNaN(time.getTime()) ? null : time;
}

function unknownAnswer(service: string | null, what: string): ServiceError {
  return new ServiceError('BROKER_ANSWER_UNKNOWN', { service: service ?? '', reason: `no ${what}` });
}
