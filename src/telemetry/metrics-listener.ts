import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServiceError } from '../service-error.ts';
import { prometheusType } from './prometheus-text.ts';

/** A listener that answers `GET /metrics` on this machine, and nothing else. */
export interface MetricsListener {
  readonly url: string;
  close(): Promise<void>;
}

/** Names of this machine. A browser on a rebound name sends another one. */
const ownNames = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Starts listening on 127.0.0.1. `text`: the page; where it cannot be made the answer is 503, which Prometheus shows as a target
 * that is down.
 * @throws ServiceError `SERVER_NOT_STARTED`.
 */
export async function startMetricsListener(port: number, text: () => Promise<string>): Promise<MetricsListener> {
  const host = '127.0.0.1';
  const server = createServer((request, response) => {
    const refuse = (status: number) => void response.writeHead(status, { 'content-type': 'text/plain' }).end();
    if (!ownNames.test(request.headers.host ?? '')) return refuse(403);
    if (request.url?.split('?')[0] !== '/metrics') return refuse(404);
    if (request.method !== 'GET') return refuse(405);
    text().then(
      (page) => void response.writeHead(200, { 'content-type': prometheusType, 'cache-control': 'no-store' }).end(page),
      () => refuse(503),
    );
  });
  await new Promise<void>((done, fail) => {
    server.on('error', (cause: NodeJS.ErrnoException) =>
      fail(new ServiceError('SERVER_NOT_STARTED', { host, port, reason: cause.code ?? 'unknown' }, { cause })),
    );
    server.listen(port, host, done);
  });
  const address: AddressInfo | string | null = server.address();
  const taken = typeof address === 'object' && address !== null ? address.port : port;
  return {
    url: `http://${host}:${String(taken)}/metrics`,
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
