import { startReceiptChain } from '../../src/runner/receipts/receipt-chain.ts';
import { type Fetched, fetchSecrets } from '../../src/runner/reading/fetch-secrets.ts';
import { httpExchange } from '../../src/runner/http-exchange.ts';
import { managedIdentity } from '../../src/runner/identity/managed-identity.ts';
import { parseFetchConfiguration } from '../../src/runner/configuration/parse-fetch-configuration.ts';
import { parseSecretWord, type SecretRequest } from '../../src/runner/configuration/secret-request.ts';
import type { Runtime } from '../../src/runner/runtime.ts';
import type { FetchWorld } from './fetch-world.ts';

/** A runtime whose clock advances only by waiting, and that records waits and messages. */
export function fakeRuntime(environment: Readonly<Record<string, string>> = {}): Runtime & {
  readonly waits: number[];
  readonly said: string[];
} {
  let passed = 0;
  const started = Date.now();
  const waits: number[] = [];
  const said: string[] = [];
  return {
    environment,
    waits,
    said,
    now: () => new Date(started + passed),
    wait(milliseconds) {
      waits.push(milliseconds);
      passed += milliseconds;
      return Promise.resolve();
    },
    chance: () => 0.5,
    nonce: (bytes) => 'ab'.repeat(bytes),
    say: (line) => void said.push(line),
  };
}

export function environmentRequest(word: string, changes: Partial<SecretRequest> = {}): SecretRequest {
  const secret = parseSecretWord(word);
  if (secret === null) throw new TypeError('No secret is written so.');
  const target = { kind: 'environment', variable: 'SECRET' } as const;
  return { ...secret, pointer: null, target, required: true, minimumLifeMs: 0, ...changes };
}

/** Fetches in this process from the embedded cloud; time passes only by waiting. */
export async function fetchInProcess(
  world: FetchWorld,
  requests: readonly SecretRequest[],
  runtime = fakeRuntime(),
  patienceMs = 120_000,
): Promise<Fetched> {
  const { cloud, runner } = world;
  const job = { instance: '0a1b2c3d', repositoryId: 1, runId: 2, attempt: 1, jobId: 3, taskId: 4 };
  const configuration = parseFetchConfiguration(
    'fetch.json',
    JSON.stringify({
      format: 1,
      gitea: cloud.gitea.url,
      vaults: [{ name: cloud.vault.name, url: cloud.vault.url }],
      identity: { kind: 'managed-identity', clientId: runner.clientId, endpoint: cloud.identity.url },
    }),
  );
  const ports = { exchange: httpExchange, runtime };
  return await fetchSecrets(
    {
      ...ports,
      configuration,
      identity: managedIdentity(ports, { clientId: runner.clientId, endpoint: cloud.identity.url }),
      chain: startReceiptChain(job, '01234567', false),
      record: () => undefined,
      patienceMs,
    },
    requests,
  );
}
