import { serve } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import cron from 'node-cron';
import type { Keyturn, PassSummary } from './keyturn.ts';

/** A server that listens, and does its work by the clock. */
export interface RunningServer {
  /** `http://localhost:PORT`. */
  readonly url: string;
  /** Ends the schedule, waits for work under way, then ends the server. */
  stop(): Promise<void>;
}

interface Log {
  readonly info: (line: string) => void;
  readonly failure: (work: string, error: unknown) => void;
}

/** When a self-hosted server does what the Functions app does by timer: UTC, never two of one kind at a time. */
const schedule = [
  ['reconcile rotations', '0 */5 * * * *', (keyturn: Keyturn) => keyturn.reconcileRotations()],
  ['collect jobs', '30 */5 * * * *', (keyturn: Keyturn) => keyturn.collectJobs()],
  ['collect retrievals', '0 10 * * * *', (keyturn: Keyturn) => keyturn.collectRetrievals()],
  ['produce reports', '0 30 2 * * *', (keyturn: Keyturn) => keyturn.produceReports()],
] as const;

/** Starts listening. With `scheduled`, work is done by the clock until `stop`. */
export async function startServer(
  keyturn: Keyturn,
  options: { readonly host: string; readonly port: number; readonly scheduled: boolean; readonly log: Log },
): Promise<RunningServer> {
  const server = await listen(keyturn, options.host, options.port);
  const working = new Set<Promise<void>>();
  const tasks = options.scheduled
    ? schedule.map(([work, when, act]) =>
        cron.schedule(when, async () => await track(work, act), { noOverlap: true, timezone: 'Etc/UTC', name: work }),
      )
    : [];

  async function track(work: string, act: (keyturn: Keyturn) => Promise<PassSummary>): Promise<void> {
    const pass = act(keyturn).then(
      ({ what, counts }) => options.log.info(`${what}: ${JSON.stringify(counts)}`),
      (error: unknown) => options.log.failure(work, error),
    );
    working.add(pass);
    await pass;
    working.delete(pass);
  }

  return {
    url: `http://localhost:${String(server.port)}`,
    async stop() {
      for (const task of tasks) await task.destroy();
      await Promise.all(working);
      await server.close();
    },
  };
}

async function listen(
  keyturn: Keyturn,
  hostname: string,
  port: number,
): Promise<{ port: number; close(): Promise<void> }> {
  return await new Promise((resolve, reject) => {
    const server = serve(
      {
        hostname,
        port,
        fetch: async (request, environment) => {
          const { incoming } = environment as { incoming: { socket: { remoteAddress?: string } } };
          return await keyturn.handleRequest(request, { loopback: isLoopback(incoming.socket.remoteAddress) });
        },
      },
      (address: AddressInfo) =>
        resolve({
          port: address.port,
          close: async () =>
            await new Promise((done) => {
              server.close(() => done());
              if ('closeAllConnections' in server) server.closeAllConnections();
            }),
        }),
    );
    server.on('error', reject);
  });
}

/** By the socket's own address: `::ffff:127.0.0.1` is how IPv4 arrives on a socket for both. */
function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return plain === '::1' || plain.startsWith('127.');
}
