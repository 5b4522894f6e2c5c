import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type AnswerHead, forbiddenInHead, type UseHead } from '../../provenance/use-exchange.ts';
import type { JobAuthority } from './job-authority.ts';
import { createTlsDoor } from './tls-door.ts';
import { connectTarget, mostBodyBytes, nameOf, readHead } from './use-head.ts';

/** What the broker answered: the answer of the host, or why there is none. */
export type UseOutcome =
  | { readonly kind: 'answered'; readonly head: AnswerHead; readonly body: Readable }
  | { readonly kind: 'refused'; readonly status: number; readonly sentence: string };

/** Asks the broker to make a request. Rejects if the broker cannot be reached. `abandoned` ends the request. */
export type AskForUse = (head: UseHead, body: Readable, abandoned: AbortSignal) => Promise<UseOutcome>;

interface ProxyPorts {
  readonly authority: JobAuthority;
  /** The hosts that the policy names, in lower case, each with its port unless that is 443. */
  readonly hosts: ReadonlySet<string>;
  readonly ask: AskForUse;
  /** Prints a line for the reader of the job's log. */
  readonly say: (line: string) => void;
}

/** The proxy of one command. It has no way to any host: what it accepts, the broker is asked for. */
export interface UseProxy {
  /** Takes a connection of the command. */
  accept(socket: Socket): void;
  /** Ends every connection. */
  close(): void;
}

/** A request's head, before it is written as data: the broker takes 12 KiB of that. */
const mostHeaderBytes = 16_384;
const idleMs = 600_000;

/**
 * Ends the TLS of the command's programs, takes each of their requests apart, and asks the broker to make it. Speaks
 * HTTP/1.1 alone, by Node's strict parser: what two readers could take for two different requests is answered with 400.
 * The host of CONNECT, of TLS (SNI) and of the request must be one and the same.
 */
export function startUseProxy({ authority, hosts, ask, say }: ProxyPorts): UseProxy {
  const sockets = new Set<Duplex>();
  const origins = new WeakMap<Duplex, string>();
  const inner = strictServer((request, response) => void serve(request, response));
  const door = createTlsDoor({
    authority,
    say,
    opened(socket, { origin }) {
      origins.set(socket, origin);
      track(socket);
      inner.emit('connection', socket);
    },
  });
  const outer = strictServer((request, response) => {
    answer(response, 403, `Plain http is not proxied: ask for https://${nameOf(request.headers.host ?? '')}.`);
  });
  outer.on('connect', (request: IncomingMessage, socket: Duplex, first: Buffer) => {
    const target = connectTarget(request);
    if (target === null) return endWith(socket, 400, 'CONNECT names no host and port.');
    if (!hosts.has(target.origin)) {
      say(`refused: ${target.origin} is not a host that the policy names for these secrets`);
      return endWith(socket, 403, `The policy names no use of these secrets at ${target.origin}.`);
    }
    socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    if (first.length > 0) socket.unshift(first);
    door.take(target, socket);
  });
  return {
    accept(socket) {
      track(socket);
      outer.emit('connection', socket);
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };

  function track(socket: Duplex): void {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = readHead(request, origins.get(request.socket) ?? '');
    if (typeof read === 'string') return answer(response, 400, read);
    const abandoned = new AbortController();
    response.once('close', () => abandoned.abort());
    try {
      const outcome = await ask(read, bounded(request), abandoned.signal);
      if (outcome.kind === 'refused') return answer(response, outcome.status, outcome.sentence);
      await passOn(outcome.head, outcome.body, response);
    } catch {
      // Nothing goes around the broker: without its whole answer the request fails.
      if (response.headersSent) response.destroy();
      else answer(response, 502, 'The broker did not answer.');
    }
  }
}

function strictServer(serve: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const options = { insecureHTTPParser: false, requireHostHeader: true, maxHeaderSize: mostHeaderBytes };
  const server = createServer(
    { ...options, requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 60_000 },
    serve,
  );
  server.timeout = idleMs;
  server.on('upgrade', (_request, socket: Duplex) => {
    endWith(socket, 501, 'Protocols other than HTTP/1.1, WebSocket among them, are not proxied.');
  });
  server.on('clientError', (_error, socket) => endWith(socket, 400, 'The request is not plain HTTP/1.1.'));
  return server;
}

/** The body, cut off by an error if it is longer than any body may be. */
function bounded(request: IncomingMessage): Readable {
  let length = 0;
  request.on('data', (part: Buffer) => {
    length += part.length;
    if (length > mostBodyBytes) request.destroy(new Error('Too long.'));
  });
  // Counting must not start the stream before the broker takes it.
  request.pause();
  return request;
}

async function passOn({ status, headers }: AnswerHead, body: Readable, response: ServerResponse): Promise<void> {
  const passed = headers.filter(([name]) => {
    const low = name.toLowerCase();
    return low === 'content-length' || !forbiddenInHead.has(low);
  });
  response.writeHead(status, passed.flat());
  await pipeline(body, response);
}

function answer(response: ServerResponse, status: number, sentence: string): void {
  if (response.destroyed) return;
  // The rest of the request's body is not read: the connection ends with the answer.
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`Keyturn: ${sentence}\n`);
}

const reasons: Readonly<Record<number, string>> = { 400: 'Bad Request', 403: 'Forbidden', 501: 'Not Implemented' };

/** Answers on a connection that has no response of Node's. */
function endWith(socket: Duplex, status: number, sentence: string): void {
  if (!socket.writable) return void socket.destroy();
  const text = `Keyturn: ${sentence}\n`;
  const head = [
    `HTTP/1.1 ${String(status)} ${reasons[status] ?? 'Refused'}`,
    'content-type: text/plain; charset=utf-8',
    `content-length: ${String(Buffer.byteLength(text))}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
}
