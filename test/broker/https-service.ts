import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { generate } from 'selfsigned';

/** A request as the service got it. */
interface Arrived {
  readonly method: string;
  readonly path: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Which connection it came on, from 1. */
  readonly connection: number;
}

type Answer = (arrived: Arrived, response: ServerResponse) => void;

/** A service over https on loopback, with a certificate of its own authority. */
export interface HttpsService {
  /** Without a slash at the end: `https://localhost:PORT`. */
  readonly url: string;
  readonly port: number;
  /** PEM of the authority that signs its certificate: its own. */
  readonly authority: string;
  readonly arrived: readonly Arrived[];
  /** How it answers from now on. */
  answer(answer: Answer): void;
  stop(): Promise<void>;
}

export async function startHttpsService({ name = 'localhost' } = {}): Promise<HttpsService> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 86_400_000),
    notAfterDate: new Date(Date.now() + 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ],
  });
  const arrived: Arrived[] = [];
  const connections = new Map<Socket, number>();
  let current: Answer = (_arrived, response) => response.end('done');
  const server = createServer({ cert, key }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('error', () => undefined);
    request.on('end', () => {
      const { method = '', url: path = '', rawHeaders, headers, socket } = request;
      const connection = connections.get(socket) ?? connections.size + 1;
      connections.set(socket, connection);
      const one = { method, path, rawHeaders, headers, body: Buffer.concat(parts), connection };
      arrived.push(one);
      current(one, response);
    });
  });
  // A connection that is closed while it is idle is a race between two clocks. Tests of that close it themselves.
  server.keepAliveTimeout = 0;
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${String(port)}`,
    port,
    authority: cert,
    arrived,
    answer: (answer) => {
      current = answer;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
