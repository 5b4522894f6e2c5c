import { ServiceError } from '../../service-error.ts';
import { requireSendTime } from './require-send-time.ts';
import { extractErrorCode } from './provider-fault.ts';
import { jsonProperties } from '../../gitea/json-properties.ts';
import type { SendDeadline } from '../../rotation/ports/send-deadline.ts';

export interface ProviderRequest {
  readonly issuer: string;
  /** Its name in errors: a host or a resource, never with a secret in it. */
  readonly provider: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Whether it changes something, so that the effect of a lost answer is unknown. */
  readonly changes: boolean;
  /** What changes something is not sent after it. */
  readonly deadline?: SendDeadline | undefined;
  /** Replaces `fetch` if addresses must be checked before sending, or a private authority counts. */
  readonly send?: SendRequest;
  /** Further statuses that the caller handles. 2xx and 404 always come back. */
  readonly statuses?: readonly number[];
}

export type SendRequest = (
  url: string,
  request: Pick<ProviderRequest, 'method' | 'headers' | 'body'> & { readonly signal: AbortSignal },
) => Promise<Response>;

export interface ProviderAnswer {
  readonly status: number;
  /** Parsed JSON, or `null` if there is none. */
  readonly body: unknown;
  readonly headers: Headers;
}

const timeoutMs = 30_000;
// No request here has a longer answer.
const mostBytes = 1024 * 1024;
const notSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'CERT_HAS_EXPIRED']);

/**
 * Sends one HTTP request: follows no redirect, repeats nothing, and puts no text from the provider into an error.
 * @throws ServiceError `PROVIDER_ACCESS_DENIED`, `PROVIDER_THROTTLED`, `PROVIDER_UNREACHABLE`,
 * `PROVIDER_ANSWER_UNCLEAR`, `PROVIDER_REQUEST_REFUSED`, `PROVIDER_ANSWER_MALFORMED`.
 */
export async function providerRequest(request: ProviderRequest): Promise<ProviderAnswer> {
  const { issuer, provider, method, url, headers, body, signal, changes } = request;
  const details = { issuer, provider };
  let response: Response;
  let text: string;
  try {
    const end = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    if (changes) requireSendTime(details, request.deadline);
    const init = { method, headers, signal: end, ...(body === undefined ? {} : { body }) };
    response = await (request.send?.(url, init) ?? fetch(url, { ...init, redirect: 'manual' }));
    text = await limitedText(response);
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    const reason = extractErrorCode(error);
    const known = !changes || notSent.has(reason);
    throw new ServiceError(known ? 'PROVIDER_UNREACHABLE' : 'PROVIDER_ANSWER_UNCLEAR', { ...details, reason });
  }
  const { status } = response;
  if (response.ok || status === 404 || request.statuses?.includes(status)) {
    return { status, headers: response.headers, body: parseBody(text, request, response.ok) };
  }
  throw classifyRefusal(request, response, errorCode(text));
}

function classifyRefusal(request: ProviderRequest, { status, headers }: Response, code: string): ServiceError {
  const { issuer, provider, changes } = request;
  const details = { issuer, provider };
  const reason = code === '' ? `status ${String(status)}` : `status ${String(status)} ${code}`;
  if (status === 401 || status === 403) return new ServiceError('PROVIDER_ACCESS_DENIED', { ...details, reason });
  if (status === 429) {
    const seconds = Number(headers.get('retry-after') ?? Number.NaN);
    const retryAfterSeconds = Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
    return new ServiceError('PROVIDER_THROTTLED', { ...details, retryAfterSeconds });
  }
  if (status >= 500) {
    return new ServiceError(changes ? 'PROVIDER_ANSWER_UNCLEAR' : 'PROVIDER_UNREACHABLE', { ...details, reason });
  }
  return new ServiceError('PROVIDER_REQUEST_REFUSED', { ...details, reason });
}

async function limitedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
  for (let part = await reader?.read(); part !== undefined && !part.done; part = await reader?.read()) {
    const chunk = part.value;
    length += chunk.length;
    if (length > mostBytes) throw new RangeError('The answer is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseBody(text: string, { issuer, provider, changes }: ProviderRequest, ok: boolean): unknown {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may contain a value, so it is dropped.
    if (!ok) return null;
    if (changes) throw new ServiceError('PROVIDER_ANSWER_UNCLEAR', { issuer, provider, reason: 'answer is not JSON' });
    throw new ServiceError('PROVIDER_ANSWER_MALFORMED', { issuer, provider, place: '' });
  }
}

/** Azure's `error.code`: one word, so that no free text from the provider is printed. */
function errorCode(text: string): string {
  try {
    const code = jsonProperties(jsonProperties(JSON.parse(text)).get('error')).get('code');
    return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : '';
  } catch {
    return '';
  }
}
