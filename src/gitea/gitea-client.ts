import { ServiceError } from '../service-error.ts';
import { mostRedirects, redirectTarget } from './follow-redirect.ts';
import { giteaHeaders, type GiteaAuthentication } from './gitea-authentication.ts';
import type { GiteaAnswer, GiteaMethod, GiteaQuery, GiteaRequest } from './gitea-request.ts';
import { readGiteaAnswer } from './read-gitea-answer.ts';
import { readGiteaPages } from './read-gitea-pages.ts';

/** A client of one Gitea. Paths are complete and begin with `/api/`; the caller encodes their segments. */
export interface GiteaClient {
  /** Without a trailing slash. */
  readonly url: string;

  /**
   * Sends one request. Repeats nothing, and follows a redirect only for GET, at most twice, and only within this Gitea's
   * API: the old name of a repository redirects to the new one.
   * @throws ServiceError `GITEA_ACCESS_DENIED` (401, 403), `GITEA_UNREACHABLE` (not sent, or a read without an answer),
   * `GITEA_ANSWER_UNCLEAR` (a write whose answer was lost or 5xx), `GITEA_ANSWER_MALFORMED` (a read that is not JSON).
   */
  request(method: GiteaMethod, path: string, request?: GiteaRequest): Promise<GiteaAnswer>;

  /**
   * Yields the pages of a list; the server decides their size. `key`: the list's member of the body (`jobs`); without it the
   * body is the list.
   * @throws ServiceError as `request`, and `GITEA_NOT_FOUND`, `GITEA_REQUEST_REFUSED`.
   */
  pages(path: string, key?: string | null, request?: GiteaRequest): AsyncIterable<readonly unknown[]>;
}

export interface GiteaClientOptions {
  readonly url: string;
  /** A function is called before each request, so that the next request uses a rotated credential. */
  readonly authentication: GiteaAuthentication | null | (() => Promise<GiteaAuthentication>);
  /** The timeout of a request and its answer. Gitea's slow lists take some seconds. */
  readonly timeoutMs?: number;
}

// These fail before anything is sent, so a write has certainly not happened.
const notSent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'CERT_HAS_EXPIRED']);

/** The client of one Gitea, from version 1.24 on. */
export function giteaClient({ url, authentication, timeoutMs = 30_000 }: GiteaClientOptions): GiteaClient {
  const gitea = url.replace(/\/+$/, '');
  return {
    url: gitea,
    request: send,
    pages: (path, key = null, request = {}) => readGiteaPages({ gitea, send, path, key, request }),
  };

  async function send(method: GiteaMethod, path: string, options: GiteaRequest = {}): Promise<GiteaAnswer> {
    const credential = options.authentication === undefined ? await ownAuthentication() : options.authentication;
    const timeout = AbortSignal.timeout(timeoutMs);
    const init = {
      method,
      headers: giteaHeaders(credential, options),
      redirect: 'manual',
      signal: options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    } as const;
    const { deadline } = options;
    if (method !== 'GET' && deadline?.hasPassed() === true) throw new ServiceError('LEASE_ENDED', { target: gitea });
    try {
      const response = await fetchFollowing(method, addressOf(path, options.query), init);
      return await readGiteaAnswer(response, { gitea, method, path, ...options });
    } catch (cause) {
      throw ServiceError.is(cause) ? cause : lost(method, path, cause);
    }
  }

  /** Follows redirects of reads only: a redirected write has not happened, and must not happen elsewhere. */
  async function fetchFollowing(method: GiteaMethod, address: string, init: RequestInit): Promise<Response> {
    let asked = address;
    for (let followed = 0; ; followed += 1) {
      const response = await fetch(asked, init);
      const target = method === 'GET' && followed < mostRedirects ? redirectTarget(response, asked, gitea) : null;
      if (target === null) return response;
      await response.body?.cancel();
      asked = target;
    }
  }

  async function ownAuthentication(): Promise<GiteaAuthentication | null> {
    return typeof authentication === 'function' ? await authentication() : authentication;
  }

  function addressOf(path: string, query: GiteaQuery = {}): string {
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      (Array.isArray(value) ? value : [value]).map((one): [string, string] => [name, String(one)]),
    );
    return pairs.length === 0 ? `${gitea}${path}` : `${gitea}${path}?${new URLSearchParams(pairs).toString()}`;
  }

  function lost(method: GiteaMethod, path: string, cause: unknown): ServiceError {
    const reason = extractReason(cause);
    // A request that was never sent cannot have acted; any other failed write may have.
    if (method === 'GET' || notSent.has(reason)) {
      return new ServiceError('GITEA_UNREACHABLE', { gitea, reason }, { cause });
    }
    return new ServiceError('GITEA_ANSWER_UNCLEAR', { gitea, path, status: null }, { cause });
  }
}

/** Returns the system's code of a failed request, such as `ECONNREFUSED`, never its free text. */
function extractReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return error.name;
  const code: unknown = error.cause instanceof Error && 'code' in error.cause ? error.cause.code : null;
  return typeof code === 'string' ? code : 'connection failed';
}
