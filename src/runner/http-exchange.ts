import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';

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
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Sends one request and follows no redirect. Rejects with the socket's error, whose `code` states what failed. */
export type HttpExchange = (request: HttpRequest) => Promise<HttpAnswer>;

/** Key Vault's largest answer is a value of 25 KB; a page of a listing is smaller too. */
const mostBytes = 4 * 1024 * 1024;

/**
 * One exchange over `node:http` or `node:https`, depending on the address, loaded on demand: `fetch` would cost 45 ms
 * at start-up, and the metadata service needs no TLS. No proxy is read from the environment.
 */
export async function httpExchange(request: HttpRequest): Promise<HttpAnswer> {
  const url = new URL(request.url);
  const secure = url.protocol === 'https:' && request.authority !== undefined;
  const [protocol, trusted] = await Promise.all([
    loadAgent(url.protocol),
    secure ? trusting(request.authority ?? '') : null,
  ]);
  return await new Promise<HttpAnswer>((resolve, reject) => {
    const options: RequestOptions & { secureContext?: SecureContext; servername?: string } = {
      method: request.method,
      agent: protocol.agent,
      hostname: hostOf(url),
      // Nothing for TLS to name; otherwise Node would look whether the header names an address, in 3 ms.
      ...(url.protocol === 'http:' && { servername: '' }),
      headers: {
        host: url.host,
        ...request.headers,
        ...(request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) }),
      },
      ...(trusted === null ? {} : { secureContext: trusted }),
    };
    const exchange = protocol.start(url, options, (answer) => {
      collect(answer).then(resolve, reject);
    });
    const deadline = setTimeout(() => exchange.destroy(timedOut()), request.timeoutMs);
    exchange.on('error', reject);
    exchange.on('close', () => clearTimeout(deadline));
    exchange.end(request.body);
  });
}

const contexts = new Map<string, Promise<SecureContext>>();

/** Adds an authority to those that Node trusts; the option `ca` by itself would replace them. */
function trusting(authority: string): Promise<SecureContext> {
  const known = contexts.get(authority);
  if (known !== undefined) return known;
  const context = import('node:tls').then(({ createSecureContext, rootCertificates }) =>
    createSecureContext({ ca: [...rootCertificates, authority] }),
  );
  contexts.set(authority, context);
  return context;
}

/**
 * Opens a connection that the next request to the same address takes, so that name resolution and TLS are done while a
 * token is awaited. Never fails: if it cannot connect, the request connects by itself and reports the reason.
 */
export async function openConnection(address: string, authority?: string): Promise<void> {
  try {
    await connectEarly(address, authority);
  } catch {
    // A certificate authority that cannot be read, for one: the request meets the same, and says so.
  }
}

/**
 * Where to connect for an address. `localhost` is this machine and is not looked up, so that neither a name server nor a
 * file leads it elsewhere (RFC 6761, 6.3); it also saves 5 ms of a start on this machine.
 */
function hostOf({ hostname }: URL): string {
  return hostname === 'localhost' ? '127.0.0.1' : hostname.replace(/^\[|\]$/g, '');
}

const usualPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

async function connectEarly(address: string, authority?: string): Promise<void> {
  const url = new URL(address);
  const { protocol, hostname, port } = url;
  const { early } = await loadAgent(protocol);
  const secure = protocol === 'https:';
  const to = { host: hostOf(url), port: Number(port === '' ? usualPorts[protocol] : port) };
  const tls = secure ? { servername: hostname.replace(/^\[|\]$/g, ''), ALPNProtocols: ['http/1.1'] } : {};
  const trusted = secure && authority !== undefined ? { secureContext: await trusting(authority) } : {};
  const socket = early.connect({ ...to, ...tls, ...trusted });
  const key = earlyKey(to);
  early.sockets.set(key, socket);
  const forget = () => {
    if (early.sockets.get(key) === socket) early.sockets.delete(key);
  };
  socket.on('error', forget);
  socket.on('close', forget);
}

interface ProtocolAgent {
  readonly agent: Agent;
  /** Connections that wait for their first request, by host and port. */
  readonly early: { readonly sockets: Map<string, Socket>; connect(options: RequestOptions): Socket };
  start(url: URL, options: RequestOptions, answered: (answer: IncomingMessage) => void): ClientRequest;
}

const agents = new Map<string, Promise<ProtocolAgent>>();

/** One connection pool per protocol, so that forty secrets of one vault share connections. */
function loadAgent(protocol: string): Promise<ProtocolAgent> {
  const known = agents.get(protocol);
  if (known !== undefined) return known;
  const agent = load(protocol).then((module) => withEarlyConnections(module));
  agents.set(protocol, agent);
  return agent;
}

type HttpModule = Pick<typeof import('node:https'), 'request'> & { Agent: typeof Agent };

function withEarlyConnections(module: HttpModule): ProtocolAgent {
  const agent = new module.Agent({ keepAlive: true, maxSockets: 8 });
  const sockets = new Map<string, Socket>();
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (options, done) => {
    const key = earlyKey(options);
    const early = sockets.get(key);
    sockets.delete(key);
    return early ?? createConnection(options, done);
  };
  return {
    agent,
    start: module.request,
    // Node's own agents return the socket.
    early: { sockets, connect: (options) => createConnection(options) as Socket },
  };
}

function earlyKey({ host, port }: RequestOptions): string {
  return `${host ?? ''}:${String(port)}`;
}

/**
 * `import` of these modules would evaluate all their exports, including undici's WebSocket, and take 15 ms longer than
 * `getBuiltinModule`, which Node has since 20.16.
 */
async function load(protocol: string): Promise<HttpModule> {
  const builtin = 'getBuiltinModule' in process;
  if (protocol === 'https:') return builtin ? process.getBuiltinModule('node:https') : await import('node:https');
  return builtin ? process.getBuiltinModule('node:http') : await import('node:http');
}

function collect(answer: IncomingMessage): Promise<HttpAnswer> {
  const { statusCode = 0, headers } = answer;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    answer.on('data', (chunk: Buffer) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > mostBytes) answer.destroy(Object.assign(new Error('Too long.'), { code: 'ANSWER_TOO_LONG' }));
    });
    answer.on('error', reject);
    answer.on('end', () => resolve({ status: statusCode, headers, body: Buffer.concat(chunks).toString('utf8') }));
  });
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
