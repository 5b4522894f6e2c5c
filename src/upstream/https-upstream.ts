import { lookup } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request as startRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import type { Upstream, UpstreamAnswer, UpstreamRequest } from '../broker/ports/upstream.ts';
import { ServiceError } from '../service-error.ts';
import { type AddressKind, addressKind } from './address-kind.ts';

interface Options {
  /** PEM of authorities beside those that Node trusts. */
  readonly authority?: string;
  /** All addresses of a name; rejects with the code of the resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** Without a byte either way. */
  readonly idleMs?: number;
}

/** A connection that nobody uses is closed after this. */
const usualIdleMs = 60_000;

/** Requests over https and HTTP/1.1. Authorities of `NODE_EXTRA_CA_CERTS` are trusted, as everywhere in Node. */
export function httpsUpstream({ authority, resolve = addressesOf, idleMs = usualIdleMs }: Options = {}): Upstream {
  const agent = agentBySession({
    keepAlive: true,
    maxFreeSockets: 4,
    maxTotalSockets: 512,
    timeout: idleMs,
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    ...(authority === undefined ? {} : { ca: [...rootCertificates, authority] }),
  });
  return {
    async send(request) {
      const addresses = await allowedAddresses(request, resolve);
      return await exchange(request, { addresses, agent, idleMs });
    },
  };
}

/** Which kinds of addresses a use opens. */
const open: Readonly<Record<UpstreamRequest['addresses'], readonly AddressKind[]>> = {
  public: ['public'],
  private: ['public', 'private'],
  loopback: ['public', 'private', 'loopback'],
};

/**
 * Resolves a name once. One address that is not open refuses the name: whoever answers for it could else choose the moment
 * at which that address comes first.
 */
async function allowedAddresses(
  { url, addresses }: UpstreamRequest,
  resolve: NonNullable<Options['resolve']>,
): Promise<readonly string[]> {
  const host = hostOf(url);
  const found = isIP(host) === 0 ? await resolved(host, resolve) : [host];
  if (found.some((address) => !open[addresses].includes(addressKind(address))))
    throw new ServiceError('UPSTREAM_ADDRESS_REFUSED', { host });
  if (found.length === 0) throw new ServiceError('UPSTREAM_UNKNOWN', { host });
  return found;
}

async function resolved(host: string, resolve: NonNullable<Options['resolve']>): Promise<readonly string[]> {
  try {
    return await resolve(host);
  } catch (cause) {
    throw new ServiceError('UPSTREAM_UNKNOWN', { host }, { cause });
  }
}

async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

interface Way {
  /** All that the name has; each was looked at, and no other is connected to. */
  readonly addresses: readonly string[];
  readonly agent: Agent;
  readonly idleMs: number;
}

async function exchange(request: UpstreamRequest, way: Way): Promise<UpstreamAnswer> {
  try {
    return await exchangeOnce(request, way);
  } catch (error) {
    // The upstream closed a connection that was kept open, in the moment in which it was used again.
    if (!(error instanceof StaleConnection)) throw error;
    return await exchangeOnce({ ...request, body: noBody() }, way);
  }
}

async function* noBody(): AsyncGenerator<Uint8Array> {
  // It has no bytes.
}

class StaleConnection extends Error {}

async function exchangeOnce(
  request: UpstreamRequest,
  { addresses: found, agent, idleMs }: Way,
): Promise<UpstreamAnswer> {
  const { url, method, headers, length, session, addresses } = request;
  const host = hostOf(url);
  const options: RequestOptions & SessionOptions = {
    agent,
    method,
    host,
    port: url.port === '' ? 443 : Number(url.port),
    path: `${url.pathname}${url.search}`,
    servername: isIP(host) === 0 ? host : '',
    lookup: pinnedTo(found),
    timeout: idleMs,
    maxHeaderSize: 64 * 1024,
    headers: [['host', url.host], ...headers, ...framing(method, length)].flat(),
    session,
    addresses,
  };
  return await new Promise<UpstreamAnswer>((resolve, reject) => {
    const sent = startRequest(options, (answer) => {
      resolve({
        status: answer.statusCode ?? 0,
        headers: pairs(answer.rawHeaders),
        body: bodyOf(answer, host),
        abandon: () => void answer.destroy(),
      });
    });
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('No answer in time.'), { code: 'ETIMEDOUT' })));
    sent.on('upgrade', (_answer, socket) => {
      socket.destroy();
      reject(new ServiceError('UPSTREAM_UNREACHABLE', { host, reason: 'it changed the protocol' }));
    });
    sent.on('error', (error) => {
      const isStale = sent.reusedSocket && length === 0 && codeOf(error) === 'ECONNRESET';
      reject(isStale ? new StaleConnection() : failureOf(error, host));
    });
    pour(request, sent).catch((error: unknown) => {
      const failure = ServiceError.is(error) ? error : failureOf(error, host);
      reject(failure);
      sent.destroy(failure);
    });
  });
}

/** The broker frames the message itself, from the one length that was decided about. */
function framing(method: string, length: number | null): readonly (readonly [string, string])[] {
  if (length === null) return [['transfer-encoding', 'chunked']];
  return length === 0 && (method === 'GET' || method === 'HEAD') ? [] : [['content-length', String(length)]];
}

/** Writes a body of exactly the length that its head named, as fast as the upstream takes it. */
async function pour({ body, length, url }: UpstreamRequest, sent: ReturnType<typeof startRequest>): Promise<void> {
  let bytes = 0;
  for await (const part of body) {
    bytes += part.byteLength;
    if (length !== null && bytes > length) throw wrongLength(url);
    if (sent.destroyed) return;
    if (!sent.write(part)) await drained(sent);
  }
  if (length !== null && bytes < length) throw wrongLength(url);
  sent.end();
}

function wrongLength(url: URL): ServiceError {
  return new ServiceError('UPSTREAM_UNREACHABLE', {
    host: hostOf(url),
    reason: 'the body has another length than named',
  });
}

async function drained(sent: ReturnType<typeof startRequest>): Promise<void> {
  await new Promise<void>((done) => {
    sent.once('drain', done);
    sent.once('close', done);
  });
}

async function* bodyOf(answer: IncomingMessage, host: string): AsyncGenerator<Buffer> {
  try {
    for await (const part of answer) yield part as Buffer;
  } catch (error) {
    throw failureOf(error, host);
  }
}

function pinnedTo(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_host, options, done) => {
    const [first] = all;
    if (options.all === true || first === undefined) done(null, all);
    else done(null, first.address, first.family);
  };
}

interface SessionOptions {
  readonly session: string;
  readonly addresses: string;
}

/** An agent whose connections serve one session, and requests with the same limits to addresses, alone. */
function agentBySession(options: ConstructorParameters<typeof Agent>[0]): Agent {
  const agent = new Agent(options);
  const nameOf = agent.getName.bind(agent);
  agent.getName = (asked?: RequestOptions & Partial<SessionOptions>) =>
    `${nameOf(asked)}:${asked?.session ?? ''}:${asked?.addresses ?? ''}`;
  return agent;
}

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function pairs(raw: readonly string[]): readonly (readonly [string, string])[] {
  return raw.flatMap((name, index) => (index % 2 === 0 ? [[name, raw[index + 1] ?? ''] as const] : []));
}

function failureOf(cause: unknown, host: string): ServiceError {
  const details = { host, reason: codeOf(cause) };
  return unverified.test(details.reason)
    ? new ServiceError('UPSTREAM_NOT_VERIFIED', details, { cause })
    : new ServiceError('UPSTREAM_UNREACHABLE', details, { cause });
}

/** How Node and OpenSSL say that a certificate does not hold. */
const unverified = /^(ERR_TLS_CERT|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))/;

/** A code such as ECONNREFUSED, never external text. */
function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : 'UNKNOWN';
}
