import { mostRequests } from '../../provenance/parse-receipt.ts';
import type { ReceiptRequest } from '../../provenance/receipt.ts';
import { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import type { AccessToken } from '../identity/access-token.ts';
import { exchangeFailure, type HttpAnswer, type HttpExchange } from '../http-exchange.ts';
import type { SecretRead, ServedSecret } from '../receipts/secret-read.ts';
import type { Runtime } from '../runtime.ts';
import { vaultRefusal } from './vault-refusal.ts';

export interface WantedSecret {
  /** Short name and address of the vault, checked by `vaultAddress`. */
  readonly vault: { readonly name: string; readonly url: string };
  readonly name: string;
  readonly version: string | null;
  readonly clientRequestId: string;
}

interface ReadingPorts {
  readonly exchange: HttpExchange;
  readonly runtime: Runtime;
  readonly token: AccessToken;
  readonly userAgent: string;
  readonly authority?: string | undefined;
  /** The total time to wait for roles to take effect and for throttling to end. */
  readonly patienceMs: number;
  /** Called before each pause for a role or for throttling, which may last minutes. */
  readonly onWait?: (error: ServiceError) => void;
}

const apiVersion = '7.4';
/** The timeout for an unreachable vault; a wrong name must not hang a job. */
const unreachableMs = 10_000;

/**
 * Reads one secret, and keeps every answer's request id, whatever the outcome. Each cause has its own retry time:
 * missing roles and throttling share `patienceMs`, a failing or unreachable vault gets ten seconds, everything else
 * fails at once. Never throws: a failure is an outcome too and also produces a receipt.
 */
export async function readSecret(ports: ReadingPorts, wanted: WantedSecret): Promise<SecretRead> {
  const { runtime, patienceMs } = ports;
  const requests: ReceiptRequest[] = [];
  let address: string | null = null;
  let clockOffsetMs: number | null = null;
  const started = runtime.now().getTime();
  const described = { vault: wanted.vault.name, secret: wanted.name };

  for (let attempt = 1; ; attempt += 1) {
    const { secret, error, next, retryAfterMs } = await once();
    if (secret !== null) return result({ kind: 'served', secret });
    if (next === 'fail') return result({ kind: 'failed', error });
    const leftMs = started + (next === 'wait' ? patienceMs : unreachableMs) - runtime.now().getTime();
    const leftRequests = mostRequests - 1 - requests.length;
    const firstMs = next === 'wait' ? 1_000 : 400;
    const pauseMs = retryAfterMs ?? backoff(firstMs, attempt, longestPause(leftMs, leftRequests), runtime.chance());
    if (pauseMs > leftMs || leftRequests <= 0) return result({ kind: 'failed', error });
    if (next === 'wait') ports.onWait?.(error);
    await runtime.wait(pauseMs);
  }

  async function once(): Promise<Attempt> {
    const about = { vault: wanted.vault.name, name: wanted.name, version: wanted.version };
    try {
      const answer = await ask(`/secrets/${wanted.name}${wanted.version === null ? '' : `/${wanted.version}`}`);
      if (answer.status !== 200) {
        const refusal = vaultRefusal({ ...about, objectId: ports.token.objectId }, answer);
        const deleted = answer.status === 404 && (await probeSoftDeleted());
        const error = deleted ? new ServiceError('SECRET_SOFT_DELETED', described) : refusal.error;
        return { ...refusal, error, secret: null };
      }
      const secret = servedSecret(answer.body);
      if (secret !== null) return { secret, error: null, next: null, retryAfterMs: null };
      const error = new ServiceError('VAULT_REQUEST_REFUSED', { ...described, status: 200, reason: 'NoSecret' });
      return { secret, error, next: 'fail', retryAfterMs: null };
    } catch (cause) {
      const reason = exchangeFailure(cause);
      const error = new ServiceError('VAULT_UNREACHABLE', { vault: about.vault, reason }, { cause });
      return { secret: null, error, next: lasting.test(reason) ? 'fail' : 'again', retryAfterMs: null };
    }
  }

  /**
   * Missing and deleted secrets have the same answer; an identity that may read deleted secrets can tell them apart.
   */
  async function probeSoftDeleted(): Promise<boolean> {
    return (await ask(`/deletedsecrets/${wanted.name}`)).status === 200;
  }

  async function ask(path: string): Promise<HttpAnswer> {
    const answer = await ports.exchange({
      method: 'GET',
      url: `${wanted.vault.url}${path}?api-version=${apiVersion}`,
      headers: {
        authorization: `Bearer ${ports.token.token.reveal()}`,
        accept: 'application/json',
        'user-agent': ports.userAgent,
        'x-ms-client-request-id': wanted.clientRequestId,
      },
      timeoutMs: unreachableMs,
      authority: ports.authority,
    });
    const at = runtime.now();
    const id = answer.headers['x-ms-request-id'];
    if (typeof id === 'string' && /^[0-9A-Za-z-]{1,64}$/.test(id)) {
      requests.push({ id, status: answer.status, at: at.toISOString() });
    }
    clockOffsetMs = clockOffset(answer.headers['date'], at) ?? clockOffsetMs;
    address = callerAddress(answer.headers['x-ms-keyvault-network-info']) ?? address;
    return answer;
  }

  function result(outcome: SecretRead['outcome']): SecretRead {
    const { vault, name, clientRequestId } = wanted;
    return { vault: vault.name, name, clientRequestId, outcome, requests, address, clockOffsetMs };
  }
}

type Attempt =
  | { readonly secret: ServedSecret; readonly error: null; readonly next: null; readonly retryAfterMs: null }
  | {
      readonly secret: null;
      readonly error: ServiceError;
      readonly next: 'fail' | 'wait' | 'again';
      readonly retryAfterMs: number | null;
    };

/** Failures that a retry a second later does not change: an unknown name, an untrusted certificate. */
const lasting = /^(ENOTFOUND|.*CERT.*|ERR_TLS_.*|UNABLE_TO_.*|EPROTO|ETIMEDOUT|ANSWER_TOO_LONG)$/;

/** How far the vault's clock is ahead; `null` if it does not say. The header has whole seconds: their middle is the best estimate. */
function clockOffset(header: string | undefined, at: Date): number | null {
  const date = Date.parse(header ?? '');
  return Number.isNaN(date) ? null : date + 500 - at.getTime();
}

/** 30 seconds, or longer: a receipt holds so many requests, which must last for the time that is left. */
function longestPause(leftMs: number, leftRequests: number): number {
  return Math.max(30_000, (2 * leftMs) / Math.max(1, leftRequests));
}

/** Backoff: doubles from the first pause to the longest; half of it is jitter, so that fifty jobs do not retry together. */
function backoff(firstMs: number, attempt: number, longestMs: number, chance: number): number {
  const ceiling = Math.min(firstMs * 2 ** (attempt - 1), longestMs);
  return Math.round(ceiling / 2 + (ceiling / 2) * chance);
}

function callerAddress(header: string | readonly string[] | undefined): string | null {
  return typeof header === 'string' ? (/(?:^|;)\s*addr=([0-9a-fA-F.:%]{2,64})(?:;|$)/.exec(header)?.[1] ?? null) : null;
}

/** Parses Key Vault's secret bundle; `null` if the body is not one. */
function servedSecret(body: string): ServedSecret | null {
  const bundle = parseBundle(body);
  const version = /\/secrets\/[^/]+\/([0-9a-z]{1,64})$/.exec(String(bundle?.id))?.[1];
  if (bundle === null || typeof bundle.value !== 'string' || version === undefined) return null;
  const { nbf, exp } = bundle.attributes ?? {};
  return { value: new SecretValue(bundle.value), version, validFrom: moment(nbf), expires: moment(exp) };
}

interface Bundle {
  readonly value?: unknown;
  readonly id?: unknown;
  readonly attributes?: { readonly nbf?: unknown; readonly exp?: unknown };
}

function parseBundle(body: string): Bundle | null {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? parsed : null;
  } catch {
    return null;
  }
}

/** Unix seconds. */
function moment(seconds: unknown): Date | null {
  return typeof seconds === 'number' ? new Date(seconds * 1000) : null;
}
