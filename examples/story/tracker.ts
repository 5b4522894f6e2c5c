import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { loopbackCertificate } from '../../embedded/loopback-certificate.ts';

/** A service that an agent of the story uses: it wants a token, and echoes it, as a careless service does. */
export interface Tracker {
  readonly port: number;
  readonly url: string;
  /** The credentials that it was shown, in order. */
  readonly shown: readonly string[];
  stop(): Promise<void>;
}

export async function startTracker(): Promise<Tracker> {
  const shown: string[] = [];
  const server = createServer(await loopbackCertificate(), (request, response) => {
    const { authorization = '' } = request.headers;
    shown.push(authorization);
    response.setHeader('content-type', 'text/plain');
    response.end(`7 open issues, for ${authorization}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `https://localhost:${String(port)}`,
    shown,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
