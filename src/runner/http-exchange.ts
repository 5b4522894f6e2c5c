import { connect, type OnReadOpts } from 'node:net';
import {
  connect as connectSecurely,
  type ConnectionOptions,
  createSecureContext,
  rootCertificates,
  type SecureContext,
} from 'node:tls';
import { answerReader } from './http/answer-reader.ts';
import type { Connect } from './http/connection.ts';
import { type ConnectionPool, connectionPool } from './http/connection-pool.ts';
import { requestText } from './http/request-text.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, from name resolution to the last byte. */
  readonly timeoutMs: number;
  /** PEM of a further certificate authority from the runner's configuration. */
  readonly authority?: string | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** By name in small letters; the values of a repeated header are joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** Sends one request and follows no redirect. Rejects with an error whose `code` states what failed. */
export type HttpExchange = (request: HttpRequest) => Promise<HttpAnswer>;

/**
 * One exchange over HTTP/1.1, with TLS or without, depending on the address. No proxy is read from the environment. The
 * helper's own client, because Node's takes a seventh of a start to load, and `fetch` 45 ms: docs/performance.md.
 */
export async function httpExchange(request: HttpRequest): Promise<HttpAnswer> {
  const url = new URL(request.url);
  const text = requestText({ ...request, url });
  const pool = poolOf(url, request.authority);
  return await new Promise<HttpAnswer>((resolve, reject) => {
    const reader = answerReader();
    const giveUp = pool.send({ request: text, read, lost });
    const deadline = setTimeout(() => {
      giveUp();
      reject(timedOut());
    }, request.timeoutMs);

    function read(bytes: Buffer): number | null {
      try {
        const answer = reader.read(bytes);
        if (answer === null) return null;
        settle(() => resolve(answer));
        return answer.idleMs;
      } catch (error) {
        settle(() => reject(error as Error));
        return 0;
      }
    }

    function lost(error: Error | null): void {
      const answer = error === null ? reader.end() : null;
      settle(() => (answer === null ? reject(error ?? brokenOff()) : resolve(answer)));
    }

    function settle(act: () => void): void {
      clearTimeout(deadline);
      act();
    }
  });
}

/**
 * Opens a connection that the next request to the same address takes, so that name resolution and TLS are done while a
 * token is awaited. Never fails: if it cannot connect, the request connects by itself and reports the reason.
 */
export function openConnection(address: string, authority?: string): void {
  try {
    poolOf(new URL(address), authority).open();
  } catch {
    // A certificate authority that cannot be read, for one: the request meets the same, and says so.
  }
}

const pools = new Map<string, ConnectionPool>();

/** Connections to one server under one trust. */
function poolOf(url: URL, authority: string | undefined): ConnectionPool {
  const key = `${url.origin}\n${authority ?? ''}`;
  const known = pools.get(key);
  if (known !== undefined) return known;
  const pool = connectionPool(url.protocol === 'https:' ? secureConnector(url, authority) : plainConnector(url));
  pools.set(key, pool);
  return pool;
}

function plainConnector(url: URL): Connect {
  const to = { host: hostOf(url), port: portOf(url, 80), noDelay: true };
  return (onread) => connect({ ...to, onread });
}

function secureConnector(url: URL, authority: string | undefined): Connect {
  const { hostname } = url;
  const to = {
    host: hostOf(url),
    port: portOf(url, 443),
    // The name that the certificate must have, and that the server is told. An address is told to no server (RFC 6066, 3).
    ...(isAddress(hostname) ? {} : { servername: hostname }),
    ALPNProtocols: ['http/1.1'],
    ...(authority === undefined ? {} : { secureContext: trusting(authority) }),
  };
  let session: Buffer | undefined;
  return (onread) => {
    // Documented, but not in the types.
    const options: ConnectionOptions & { onread: OnReadOpts } = { ...to, ...(session && { session }), onread };
    const socket = connectSecurely(options);
    socket.setNoDelay(true);
    // Further connections are spared the handshake's costly half.
    socket.on('session', (made: Buffer) => (session = made));
    socket.on('error', () => (session = undefined));
    return socket;
  };
}

/** Adds an authority to those that Node trusts; the option `ca` by itself would replace them. */
function trusting(authority: string): SecureContext {
  return createSecureContext({ ca: [...rootCertificates, authority] });
}

/**
 * Where to connect for an address. `localhost` is this machine and is not looked up, so that neither a name server nor a
 * file leads it elsewhere (RFC 6761, 6.3); it also saves 5 ms of a start on this machine.
 */
function hostOf({ hostname }: URL): string {
  return hostname === 'localhost' ? '127.0.0.1' : withoutBrackets(hostname);
}

function withoutBrackets(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

/** The parser of addresses leaves no other host that begins so or ends in a digit's label. */
function isAddress(hostname: string): boolean {
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname);
}

function portOf({ port }: URL, usual: number): number {
  return port === '' ? usual : Number(port);
}

function brokenOff(): Error {
  return Object.assign(new Error('The connection ended before the answer did.'), { code: 'ECONNRESET' });
}

function timedOut(): Error {
  return Object.assign(new Error('No answer in time.'), { code: 'ETIMEDOUT' });
}

/** The short reason of a failed exchange: a code such as ENOTFOUND, never external text. */
export function exchangeFailure(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'UNKNOWN';
}

/** Whether an address belongs to this machine only. */
export function isLoopback(address: string): boolean {
  const host = URL.parse(address)?.hostname ?? '';
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}
