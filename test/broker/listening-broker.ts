import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrokerWorld } from './broker-world.ts';

/** The broker of a world on a port of this machine, as jobs reach it. */
export async function listeningBroker(world: BrokerWorld): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const headers = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
        typeof value === 'string' ? [[name, value]] : [],
      );
      const init = { method: request.method ?? 'GET', headers, body: Buffer.concat(parts) };
      void world.forward(request.url ?? '/', init).then(async (answer) => {
        response.writeHead(answer.status, Object.fromEntries(answer.headers));
        response.end(Buffer.from(await answer.arrayBuffer()));
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    stop: async () => await new Promise((done) => server.close(() => done())),
  };
}
