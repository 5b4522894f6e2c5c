import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from './clock.ts';

/** A request as the embedded servers read it: whole, with its address as it was asked. */
export interface LoopbackRequest {
  readonly method: string;
  /** Path and query exactly as sent. */
  readonly target: string;
  readonly url: URL;
  /** Parts of the path, decoded, without empty ones: a trailing slash is no part. */
  readonly segments: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `lost`: the connection is cut instead of answered. `body`: an object is sent as JSON, bytes as they are. */
export type LoopbackAnswer =
  | { readonly lost: true }
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: object | string | Uint8Array;
    };

export interface LoopbackServer {
  readonly port: number;
  stop(): Promise<void>;
}

/** A server on 127.0.0.1 whose `Date` headers come from the clock. With `tls`, key and certificate are PEM. */
export async function startLoopbackServer(options: {
  readonly clock: Clock;
  readonly port?: number;
  readonly tls?: { readonly key: string; readonly cert: string };
  answer(request: LoopbackRequest): Promise<LoopbackAnswer> | LoopbackAnswer;
}): Promise<LoopbackServer> {
  const serve = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    void handle(options, incoming, outgoing);
  };
  const server = options.tls ? createSecureServer(options.tls, serve) : createPlainServer(serve);
  // A client may send its next request at the moment at which an idle connection is closed, and would see it cut.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(
  options: Parameters<typeof startLoopbackServer>[0],
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const answer = await options.answer(await readRequest(incoming));
    if ('lost' in answer) {
      incoming.socket.destroy();
      return;
    }
    send(outgoing, answer, options.clock.now());
  } catch (cause) {
    send(
      outgoing,
      {
        status: 500,
        body: { error: { code: 'InternalServerError', message: cause instanceof Error ? cause.message : 'unknown' } },
      },
      options.clock.now(),
    );
  }
}

async function readRequest(incoming: IncomingMessage): Promise<LoopbackRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const target = incoming.url ?? '/';
  const url = new URL(`http://localhost${target.startsWith('/') ? target : `/${target}`}`);
  return {
    method: incoming.method ?? 'GET',
    target,
    url,
    segments: url.pathname
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent),
    headers: Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function send(outgoing: ServerResponse, answer: Exclude<LoopbackAnswer, { lost: true }>, now: Date): void {
  outgoing.sendDate = false;
  outgoing.statusCode = answer.status;
  outgoing.setHeader('Date', now.toUTCString());
  const isJson = typeof answer.body === 'object' && !(answer.body instanceof Uint8Array);
  const text = isJson ? JSON.stringify(answer.body) : answer.body;
  if (isJson) outgoing.setHeader('Content-Type', 'application/json; charset=utf-8');
  for (const [name, value] of Object.entries(answer.headers ?? {})) outgoing.setHeader(name, value);
  outgoing.end(text);
}
