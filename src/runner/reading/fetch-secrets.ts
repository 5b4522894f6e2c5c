import type { Receipt } from '../../provenance/receipt.ts';
import { ServiceError } from '../../service-error.ts';
import type { AccessToken, AccessTokenSource } from '../identity/access-token.ts';
import type { FetchConfiguration } from '../configuration/fetch-configuration.ts';
import type { HttpExchange } from '../http-exchange.ts';
import { readSecret, type WantedSecret } from './read-secret.ts';
import type { ReceiptChain } from '../receipts/receipt-chain.ts';
import type { SecretRead, ServedSecret } from '../receipts/secret-read.ts';
import type { SecretRequest } from '../configuration/secret-request.ts';
import type { Runtime } from '../runtime.ts';
import { vaultAddress } from '../configuration/vault-address.ts';

export interface FetchPorts {
  readonly configuration: FetchConfiguration;
  readonly exchange: HttpExchange;
  readonly runtime: Runtime;
  readonly identity: AccessTokenSource;
  readonly chain: ReceiptChain;
  /** Called with each receipt as soon as its read is over, so that the read is recorded whatever happens next. */
  readonly record: (receipt: Receipt) => void;
  readonly authority?: string | undefined;
  readonly patienceMs: number;
}

/** One request and its result: `null` for an optional secret that cannot be used. */
export interface FetchedSecret {
  readonly request: SecretRequest;
  /** Short name of the vault that was asked; the request may leave it out. */
  readonly vault: string;
  readonly secret: ServedSecret | null;
}

/** The reads, with the receipts in the order of completion, including failed ones. */
export interface Fetched {
  readonly receipts: readonly Receipt[];
  /** @throws ServiceError of the first request that failed, in the order asked. */
  use(): readonly FetchedSecret[];
}

/**
 * Reads all requested secrets, each once, several in parallel.
 * @throws ServiceError before any read: an unknown vault, a refused host, no token.
 */
export async function fetchSecrets(ports: FetchPorts, requests: readonly SecretRequest[]): Promise<Fetched> {
  const { configuration, chain, runtime } = ports;
  const tokens = new Map<string, Promise<AccessToken>>();
  const reads = new Map<string, Promise<SecretRead>>();
  const receipts: Receipt[] = [];
  const onWait = sayWaits(ports);
  const wanted = requests.map((request) => ({ request, vault: vaultAddress(configuration, request.vault) }));
  for (const { vault } of wanted) {
    if (!tokens.has(vault.resource)) tokens.set(vault.resource, ports.identity(vault.resource));
  }
  await Promise.all(tokens.values());
  const asked = wanted.map(async ({ request, vault }) => {
    const token = await tokens.get(vault.resource);
    if (token === undefined) throw new TypeError('Every resource has its token by now.');
    const key = `${vault.name}/${request.name.toLowerCase()}@${request.version ?? ''}`;
    const clientRequestId = chain.nextClientRequestId(key);
    const read = reads.get(key) ?? onRecord(token, { ...request, vault, clientRequestId });
    reads.set(key, read);
    return { request, read: await read };
  });
  const answered = await Promise.all(asked);
  return { receipts, use: () => answered.map(({ request, read }) => usableSecret(request, read, runtime.now())) };

  async function onRecord(token: AccessToken, secret: WantedSecret): Promise<SecretRead> {
    const read = await readSecret({ ...ports, token, userAgent: chain.userAgent, onWait }, secret);
    for (const receipt of chain.receiptsOf([read])) {
      receipts.push(receipt);
      ports.record(receipt);
    }
    return read;
  }
}

/** Says once for each cause why nothing happens for a while. Names no secret, because the log may be public. */
function sayWaits({ runtime, patienceMs }: FetchPorts): (error: ServiceError) => void {
  const told = new Set<string>();
  return ({ code }) => {
    if (told.has(code)) return;
    told.add(code);
    const cause =
      code === 'VAULT_THROTTLED' ? 'is throttling' : 'refused a read, and a new role takes minutes to reach it';
    const seconds = String(Math.round(patienceMs / 1000));
    runtime.say(`the vault ${cause}; trying again for up to ${seconds} s; --wait 10m waits longer`);
  };
}

/**
 * The result of one request. @throws ServiceError of a failed read, and of a version that is not valid now, unless the
 * secret is optional.
 */
export function usableSecret(request: SecretRequest, read: SecretRead, now: Date): FetchedSecret {
  const { outcome, vault } = read;
  const error = outcome.kind === 'failed' ? outcome.error : validityError(request, read, outcome.secret, now);
  if (error === null) return { request, vault, secret: outcome.kind === 'served' ? outcome.secret : null };
  if (!request.required && notThere.has(error.code)) return { request, vault, secret: null };
  throw error;
}

const notThere: ReadonlySet<string> = new Set([
  'SECRET_MISSING',
  'SECRET_SOFT_DELETED',
  'SECRET_DISABLED',
  'SECRET_EXPIRED',
  'SECRET_NOT_YET_VALID',
]);

/**
 * Key Vault serves expired versions and versions that are not valid yet. Its own clock decides, because the runner's
 * may be wrong.
 */
function validityError(request: SecretRequest, read: SecretRead, secret: ServedSecret, now: Date): ServiceError | null {
  const { version, validFrom, expires } = secret;
  const about = { vault: read.vault, secret: read.name, version };
  const vaultNow = now.getTime() + (read.clockOffsetMs ?? 0);
  // The vault's clock has a resolution of one second.
  if (validFrom !== null && validFrom.getTime() > vaultNow + 1_000) {
    return new ServiceError('SECRET_NOT_YET_VALID', { ...about, validFrom: validFrom.toISOString() });
  }
  if (expires === null) return null;
  const detail = { ...about, expires: expires.toISOString() };
  if (expires.getTime() <= vaultNow) return new ServiceError('SECRET_EXPIRED', detail);
  if (expires.getTime() - vaultNow < request.minimumLifeMs) return new ServiceError('SECRET_EXPIRES_TOO_SOON', detail);
  return null;
}
