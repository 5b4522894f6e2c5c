import { serve } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import cron from 'node-cron';
import type { Keyturn } from './keyturn.ts';
import { ServiceError } from './service-error.ts';
import type { Settings } from './settings.ts';

/** A server that listens and works on a schedule. */
export interface RunningServer {
  /** `http://localhost:PORT`. */
  readonly url: string;
  /**
   * Does one kind of the scheduled work now, or waits for a run of it that is under way. It does not reject if the work
   * fails, as the clock goes on then.
   */
  run(work: ScheduledWork): Promise<void>;
  /** Ends the schedule, begins no more work, waits for what is under way, then ends the server. */
  stop(): Promise<void>;
}

/**
 * The schedule of a self-hosted server, equal to the timers of the Functions app: in the time zone of
 * the settings, never two runs of one kind at once.
 * Each hour has three chances to be shown whole, because an hour without a canary read holds back what is to be revoked.
 */
export const schedule = {
  'reconcile rotations': { when: '0 */5 * * * *', pass: (keyturn: Keyturn) => keyturn.reconcileRotations() },
  'collect jobs': { when: '30 */5 * * * *', pass: (keyturn: Keyturn) => keyturn.collectJobs() },
  'collect retrievals': { when: '0 10,30,50 * * * *', pass: (keyturn: Keyturn) => keyturn.collectRetrievals() },
  'produce reports': { when: '0 30 2 * * *', pass: (keyturn: Keyturn) => keyturn.produceReports() },
} as const;

type ScheduledWork = keyof typeof schedule;
const works = [
  'reconcile rotations',
  'collect jobs',
  'collect retrievals',
  'produce reports',
] as const satisfies readonly ScheduledWork[];

const nothing = (): void => undefined;

/** How long a client may keep the server waiting, and how many may be connected at a time. */
interface ClientLimits {
  /** From the first byte of a connection, or of a further request on it, until the head of the request is whole. */
  readonly headMs: number;
  /** Until the body is whole too: the largest that any route takes, 4 MB, then comes at 35 kB a second or more. */
  readonly requestMs: number;
  /** In which nothing was sent either way, such as by a reader that does not read. */
  readonly idleMs: number;
  /** Until the next request of a connection. Longer than a proxy in front keeps it, or its request meets a closed one. */
  readonly keptMs: number;
  /** How often heads and bodies are looked at. */
  readonly lookEveryMs: number;
  /** More are turned away at once, so that no number of clients takes all memory. */
  readonly connections: number;
}

const clientLimits: ClientLimits = {
  headMs: 10_000,
  requestMs: 120_000,
  idleMs: 120_000,
  keptMs: 75_000,
  lookEveryMs: 2_000,
  connections: 2_000,
};

/** How long an open response may take after the server is told to stop. */
const lastAnswersMs = 5_000;

/**
 * Starts listening. With `scheduled`, it works on the schedule until `stop`.
 * @throws ServiceError `HOST_REFUSED` beyond this machine without an identity provider; `SERVER_NOT_STARTED`, such as
 * for a port that is taken.
 */
export async function startServer(
  keyturn: Keyturn,
  options: {
    readonly host: string;
    readonly port: number;
    readonly scheduled: boolean;
    readonly limits?: ClientLimits;
  },
): Promise<RunningServer> {
  refuseOpenHost(options.host, keyturn.settings);
  const server = await listen(keyturn, options.host, options.port, options.limits ?? clientLimits);
  const working = new Map<ScheduledWork, Promise<void>>();
  let isEnding = false;
  const tasks = works
    .filter(() => options.scheduled)
    .map((work) =>
      cron.schedule(schedule[work].when, async () => await run(work), {
        noOverlap: true,
        timezone: keyturn.settings.timeZone,
        name: work,
      }),
    );

  async function run(work: ScheduledWork): Promise<void> {
    // Never two runs of one kind at once: a start that collects may meet the clock.
    const underWay = working.get(work);
    if (underWay !== undefined) return await underWay;
    // Nobody would wait for it.
    if (isEnding) return;
    // Keyturn has logged a failure and told people of it; the next pass tries again.
    const done = schedule[work].pass(keyturn).then(nothing, nothing);
    working.set(work, done);
    await done;
    working.delete(work);
  }

  return {
    url: `http://localhost:${String(server.port)}`,
    run,
    async stop() {
      isEnding = true;
      for (const task of tasks) await task.destroy();
      await Promise.all(working.values());
      await server.close();
    },
  };
}

/**
 * The settings refuse this too, together with all other faults. This is the last check before the socket opens.
 * Source: docs/decisions.md, "Deny by default".
 */
function refuseOpenHost(host: string, { role, openId, publicUrl, platformAuthentication }: Settings): void {
  // A broker alone has no portal: every request proves itself by the job's key.
  if (role === 'broker') return;
  if (['127.0.0.1', 'localhost', '::1'].includes(host)) return;
  if (platformAuthentication !== null || (openId !== null && publicUrl !== null)) return;
  throw new ServiceError('HOST_REFUSED', { host, reason: 'no identity provider is configured' });
}

async function listen(
  keyturn: Keyturn,
  hostname: string,
  port: number,
  limits: ClientLimits,
): Promise<{ port: number; close(): Promise<void> }> {
  return await new Promise((resolve, reject) => {
    const server = serve(
      {
        hostname,
        port,
        serverOptions: {
          headersTimeout: limits.headMs,
          requestTimeout: limits.requestMs,
          keepAliveTimeout: limits.keptMs,
          connectionsCheckingInterval: limits.lookEveryMs,
        },
        fetch: async (request, environment) => {
          const { incoming } = environment as { incoming: { socket: { remoteAddress?: string } } };
          const { remoteAddress: address } = incoming.socket;
          const loopback = isLoopback(address);
          return await keyturn.handleRequest(request, { loopback, ...(address !== undefined && { address }) });
        },
      },
      (address: AddressInfo) =>
        resolve({
          port: address.port,
          close: async () =>
            await new Promise((done) => {
              server.close(() => done());
              if ('closeAllConnections' in server)
                setTimeout(() => server.closeAllConnections(), lastAnswersMs).unref();
            }),
        }),
    );
    if ('setTimeout' in server) server.setTimeout(limits.idleMs);
    server.maxConnections = limits.connections;
    server.on('error', (cause: NodeJS.ErrnoException) => {
      const reason = cause.code ?? 'unknown';
      reject(new ServiceError('SERVER_NOT_STARTED', { host: hostname, port, reason }, { cause }));
    });
  });
}

/** By the socket's own address: `::ffff:127.0.0.1` is how IPv4 arrives on a socket for both. */
function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
  return plain === '::1' || plain.startsWith('127.');
}
