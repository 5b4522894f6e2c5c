import { isRestError, type RestError } from '@azure/core-rest-pipeline';
import { z } from 'zod';
import { ServiceError } from '../service-error.ts';

/** What was asked of which vault, for the details of an error. */
export interface VaultQuestion {
  readonly vault: string;
  readonly secret: string | null;
  readonly version?: string | null;
}

const innerCode = z.object({ code: z.string() }).nullish();

/** The part of Key Vault's error body that tells failures apart. Swagger: common-7.5.json, `KeyVaultError`. */
const errorBody = z.object({ error: z.object({ code: z.string(), message: z.string(), innererror: innerCode }) });

/** The connection never stood, so the vault cannot have acted. */
const neverSent: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Whether the vault answered that there is no such secret or version. */
export function isAbsence(error: unknown): boolean {
  return isRestError(error) && error.statusCode === 404;
}

/** Whether reading again may help at once: the answer was lost, or the vault stumbled. */
export function isPassing(error: unknown): boolean {
  // Not after a timeout: the time for waiting is spent.
  if (!isRestError(error)) return false;
  return error.statusCode === undefined ? !isNeverTrusted(error) : error.statusCode >= 500;
}

/** What a failed read means. */
export function readFailure(error: unknown, question: VaultQuestion): ServiceError {
  return answered(error, question) ?? unanswered(error, question);
}

/**
 * What a failed write means. Only an answer that says "no", or a connection that never stood, is sure; every other end
 * leaves open whether there is a new version now.
 */
export function writeFailure(error: unknown, question: VaultQuestion): ServiceError {
  const refusal = answered(error, question);
  if (refusal !== null) return refusal;
  if (!mayHaveArrived(error)) return unanswered(error, question);
  const { vault, secret } = question;
  const status = isRestError(error) ? (error.statusCode ?? null) : null;
  return new ServiceError('VAULT_ANSWER_UNCLEAR', { vault, secret, status }, { cause: error });
}

/** The failure that a complete answer below 500 names; `null` when there was none. */
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
  // ObjectIsBeingDeleted and ObjectIsBeingRecovered pass by themselves within seconds.
  if (status === 409) return new ServiceError('VAULT_UNREACHABLE', { vault, reason }, options);
  const isRefusal = status >= 400 && status < 500 && status !== 408;
  return isRefusal ? new ServiceError('VAULT_REQUEST_REFUSED', { vault, secret, status, reason }, options) : null;
}

function unanswered(error: unknown, { vault }: VaultQuestion): ServiceError {
  const options = { cause: error };
  if (isTimeout(error)) return new ServiceError('VAULT_UNREACHABLE', { vault, reason: 'timeout' }, options);
  if (!isRestError(error)) {
    // What the identity library throws has no common class, and its messages may carry a tenant's answer.
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
    // "Caller: appid=…;oid=…": the one identifier that helps whoever assigns roles.
    objectId: /\boid=([0-9a-f-]{36})\b/i.exec(message)?.[1]?.toLowerCase() ?? null,
  };
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy on the way answers in HTML.
    return null;
  }
}

/** Seconds to wait, from either form of the header; `null` when the vault names none. */
function retryAfter(error: RestError): number | null {
  const header = error.response?.headers.get('retry-after');
  if (header === undefined) return null;
  if (/^\d{1,6}$/.test(header)) return Number(header);
  const until = Date.parse(header);
  const sent = Date.parse(error.response?.headers.get('date') ?? '');
  return Number.isNaN(until) || Number.isNaN(sent) ? null : Math.max(0, Math.ceil((until - sent) / 1_000));
}

/** The client gave up waiting: the SDK throws its abort, which is no RestError. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

/** Whether the vault may have received the request. Errors that are no RestError come from the identity, before it. */
function mayHaveArrived(error: unknown): boolean {
  if (isTimeout(error)) return true;
  return isRestError(error) && !neverSent.has(error.code ?? '') && !isNeverTrusted(error);
}

/** A certificate that was refused: the request was never sent, and sending it again cannot help. */
function isNeverTrusted(error: RestError): boolean {
  return /CERT|SELF_SIGNED|ERR_TLS/.test(error.code ?? '');
}

/** Words that came from outside are let through as codes alone. */
function asCode(text: string | undefined): string {
  return text !== undefined && /^[A-Za-z0-9_]{1,60}$/.test(text) ? text : 'unknown';
}
