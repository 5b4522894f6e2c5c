import { isRestError, type RestError } from '@azure/core-rest-pipeline';
import { z } from 'zod';
import { ServiceError } from '../service-error.ts';

/** The vault and operation, for the details of an error. */
export interface VaultQuestion {
  readonly vault: string;
  readonly secret: string | null;
  readonly version?: string | null;
}

const innerCode = z.object({ code: z.string() }).nullish();

/** The part of Key Vault's error body that distinguishes failures. Swagger: common-7.5.json, `KeyVaultError`. */
const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string(), innererror: innerCode }) });

/** The connection was never established, so the vault cannot have acted. */
const neverSent: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Whether the vault answered that the secret or version does not exist. */
export function isAbsence(error: unknown): boolean {
  return isRestError(error) && error.statusCode === 404;
}

/** Whether an immediate retry of a read may help: the answer was lost, or the vault failed temporarily. */
export function isPassing(error: unknown): boolean {
  // Not after a timeout, because the time to wait is over.
  if (!isRestError(error)) return false;
  return error.statusCode === undefined ? !isNeverTrusted(error) : error.statusCode >= 500;
}

/** Classifies a failed read. */
export function readFailure(error: unknown, question: VaultQuestion): ServiceError {
  return answered(error, question) ?? unanswered(error, question);
}

/**
 * Classifies a failed write. Only a refusal, or a connection that was never established, is certain; any other failure
 * leaves open whether a new version exists.
 */
export function writeFailure(error: unknown, question: VaultQuestion): ServiceError {
  const refusal = answered(error, question);
  if (refusal !== null) return refusal;
  if (!mayHaveArrived(error)) return unanswered(error, question);
  const { vault, secret } = question;
  const status = isRestError(error) ? (error.statusCode ?? null) : null;
  return new ServiceError('VAULT_ANSWER_UNCLEAR', { vault, secret, status }, { cause: error });
}

/** The failure in a complete answer below 500; `null` if there was no such answer. */
function answered(error: unknown, { vault, secret, version = null }: VaultQuestion): ServiceError | null {
  if (error instanceof ServiceError) return error;
  if (!isRestError(error) || error.statusCode === undefined) return null;
  const status = error.statusCode;
  const options = { cause: error };
  const { code, inner, objectId } = parseErrorBody(error);
  const reason = inner ?? code;

  if (status === 403 && inner === 'SecretDisabled') {
    return new ServiceError('SECRET_DISABLED', { vault, secret: secret ?? '', version }, options);
  }
  if (status === 401 || status === 403) {
    return new ServiceError('VAULT_ACCESS_DENIED', { vault, secret, objectId, reason }, options);
  }
  if (status === 429) {
    return new ServiceError('VAULT_THROTTLED', { vault, retryAfterSeconds: retryAfter(error) }, options);
  }
  if (status === 409 && inner === 'ObjectIsDeletedButRecoverable') {
    return new ServiceError('SECRET_SOFT_DELETED', { vault, secret: secret ?? '' }, options);
  }
  // ObjectIsBeingDeleted and ObjectIsBeingRecovered end by themselves within seconds.
  if (status === 409) return new ServiceError('VAULT_UNREACHABLE', { vault, reason }, options);
  const isRefusal = status >= 400 && status < 500 && status !== 408;
  return isRefusal ? new ServiceError('VAULT_REQUEST_REFUSED', { vault, secret, status, reason }, options) : null;
}

function unanswered(error: unknown, { vault }: VaultQuestion): ServiceError {
  const options = { cause: error };
  if (isTimeout(error)) return new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'timeout' }, options);
  if (!isRestError(error)) {
    // The identity library's errors have no common class, and their messages may contain a tenant's answer.
    const reason = error instanceof Error ? asCode(error.name) : 'unknown';
    return new ServiceError('IDENTITY_UNAVAILABLE', { vault, reason }, options);
  }
  const reason = error.statusCode === undefined ? asCode(error.code) : `HTTP ${String(error.statusCode)}`;
  return new ServiceError('VAULT_UNREACHABLE', { vault, reason }, options);
}

function parseErrorBody(error: RestError): { code: string; inner: string | null; objectId: string | null } {
  const parsed = errorBody.safeParse(asJson(error.response?.bodyAsText ?? ''));
  if (!parsed.success) return { code: 'unknown', inner: null, objectId: null };
  const { code, message, innererror } = parsed.data.error;
  return {
    code: asCode(code),
    inner: innererror == null ? null : asCode(innererror.code),
    // "Caller: appid=…;oid=…": the identifier that an administrator needs to assign a role.
    objectId: /\boid=([0-9a-f-]{36})\b/i.exec(message)?.[1]?.toLowerCase() ?? null,
  };
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy may answer in HTML.
    return null;
  }
}

/** Seconds to wait, from either form of the header; `null` if the vault states none. */
function retryAfter(error: RestError): number | null {
  const header = error.response?.headers.get('retry-after');
  if (header === undefined) return null;
  if (/^\d{1,6}$/.test(header)) return Number(header);
  const until = Date.parse(header);
  const sent = Date.parse(error.response?.headers.get('date') ?? '');
  return Number.isNaN(until) || Number.isNaN(sent) ? null : Math.max(0, Math.ceil((until - sent) / 1_000));
}

/** The client timed out: the SDK throws its abort, which is not a RestError. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/**
 * Whether the vault may have received the request. Errors other than RestError come from the identity, before the
 * request.
 */
function mayHaveArrived(error: unknown): boolean {
  if (isTimeout(error)) return true;
  return isRestError(error) && !neverSent.has(error.code ?? '') && !isNeverTrusted(error);
}

/** The server's certificate was refused: the request was never sent, and a retry cannot help. */
function isNeverTrusted(error: RestError): boolean {
  return /CERT|SELF_SIGNED|ERR_TLS/.test(error.code ?? '');
}

/** Words that came from outside are let through as codes alone. */
function asCode(text: string | undefined): string {
  return text !== undefined && /^[A-Za-z0-9_]{1,60}$/.test(text) ? text : 'unknown';
}
