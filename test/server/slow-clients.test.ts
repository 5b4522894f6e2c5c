import { untraced } from '../../src/log/trace.ts';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Keyturn } from '../../src/keyturn.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import type { Settings } from '../../src/settings.ts';
import { createWeb } from '../../src/web/create-web.ts';
import { readBody } from '../../src/web/read-body.ts';
import type { WebPorts } from '../../src/web/web-ports.ts';
import { sessionsUnderTest } from '../web/sign-in/sessions-under-test.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const hour = 3_600_000;
const patient = { headMs: hour, requestMs: hour, idleMs: hour, keptMs: hour, lookEveryMs: 20, connections: 2_000 };
const large = new Uint8Array(32 * 1024 * 1024);

/** The application with its probes, a page too large for a socket's buffers, and a hook that reads its body. */
async function start(limits: Partial<typeof patient> = {}): Promise<RunningServer> {
  const { sessions } = sessionsUnderTest(() => new Date());
  const web = createWeb({ trace: untraced } as WebPorts, {
    trustLoopback: true,
    platform: null,
    sessions,
    tokens: null,
    openId: null,
    hosts: [],
  });
  const keyturn = {
    settings: { openId: null, publicUrl: null, platformAuthentication: null } as Settings,
    async handleRequest(request: Request, connection: { readonly loopback: boolean }) {
      const { pathname } = new URL(request.url);
      if (pathname === '/large') return new Response(large);
      if (pathname === '/body') return new Response(String((await readBody(request, 1_000_000)).length));
      return await web.fetch(request, { connection });
    },
  } as unknown as Keyturn;
  const options = { host: '127.0.0.1', port: 0, scheduled: false, limits: { ...patient, ...limits } };
  const server = await startServer(keyturn, options);
  closing.push(() => server.stop());
  return server;
}

async function open({ url }: RunningServer, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  closing.push(() => socket.destroy());
  // The server may cut it: that is what some of these tests are about.
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

const unfinishedHead = 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ';
const unfinishedBody = 'POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nslow';
const neverRead = 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Opens many clients of each slow kind; a byte of each of them comes now and then. */
async function openSlowClients(server: RunningServer, count: number): Promise<readonly Socket[]> {
  const kinds = [unfinishedHead, unfinishedBody, neverRead];
  const sockets = await Promise.all(
    Array.from({ length: count }, async (_, index) => await open(server, kinds[index % 3] ?? '')),
  );
  sockets.forEach((socket, index) => {
    if (index % 3 === 2) socket.pause();
    else socket.resume();
  });
  const trickle = setInterval(() => {
    sockets.forEach((socket, index) => index % 3 !== 2 && socket.write('x'));
  }, 100);
  closing.push(() => clearInterval(trickle));
  return sockets;
}

/** Sixteen clients, each with one request after the other. Returns how long each answer took, ascending. */
async function askBusily(server: RunningServer, each: number): Promise<readonly number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  const took: number[] = [];
  const client = async () => {
    for (let request = 0; request < each; request += 1) {
      const began = performance.now();
      const status = await new Promise<number | undefined>((resolve, reject) => {
        get(
          `${server.url.replace('localhost', '127.0.0.1')}/healthz`,
          { agent, headers: { host: `localhost:${new URL(server.url).port}` } },
          (answer) => {
            answer.resume().on('end', () => resolve(answer.statusCode));
          },
        ).on('error', reject);
      });
      expect(status).toBe(200);
      took.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  agent.destroy();
  return took.sort((a, b) => a - b);
}

function p95(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length * 0.95)] ?? Infinity;
}

describe('a connection between two requests', () => {
  it('is kept for longer than the proxy in front keeps it, so that no request meets a closed one', async () => {
    const server = await start({ keptMs: 75_000 });
    const answer = await fetch(`${server.url}/healthz`);
    const [, kept = ''] = /timeout=(\d+)/.exec(answer.headers.get('keep-alive') ?? '') ?? [];
    const [, proxy = ''] = /keepalive (\d+)s/.exec(readFileSync('deploy/Caddyfile', 'utf8')) ?? [];
    expect(Number(kept)).toBeGreaterThan(Number(proxy));
    expect(Number(proxy)).toBeGreaterThan(0);
  });
});

describe('a server with slow clients', () => {
  it('answers sixteen busy clients about as fast beside two hundred slow ones as without them', async () => {
    const server = await start();
    await askBusily(server, 20);
    // The best of three rounds each: another process of this machine may have had the core.
    const alone = await bestOf(3, async () => p95(await askBusily(server, 25)));
    const slow = await openSlowClients(server, 200);
    const beside = await bestOf(3, async () => p95(await askBusily(server, 25)));
    expect(slow.filter((socket) => socket.destroyed)).toEqual([]);
    expect(beside / alone).toBeLessThan(5);
  });

  it('lets go of a client that never finishes the head of its request', async () => {
    const socket = (await open(await start({ headMs: 50 }), unfinishedHead)).resume();
    await once(socket, 'close');
  });

  it('lets go of a client that never finishes the body of its request', async () => {
    const socket = (await open(await start({ headMs: 50, requestMs: 100 }), unfinishedBody)).resume();
    await once(socket, 'close');
  });

  it('lets go of a client that never reads the answer', async () => {
    const server = await start({ idleMs: 100 });
    const socket = await open(server, neverRead);
    await once(socket, 'data');
    socket.pause();
    // A paused socket is told of the end by its next write; each byte counts as activity, so it comes seldom.
    const isCut = () => {
      socket.write('x');
      return socket.destroyed;
    };
    await expect.poll(isCut, { interval: 500, timeout: 20_000 }).toBe(true);
  });

  it('turns a client away when too many are connected, and serves again when one has gone', async () => {
    const server = await start({ connections: 2 });
    const held = [await open(server, unfinishedHead), await open(server, unfinishedHead)];
    const refused = (await open(server, neverRead)).resume();
    await once(refused, 'close');
    for (const socket of held) {
      socket.destroy();
      await once(socket, 'close');
    }
    await expect
      .poll(
        async () =>
          await fetch(`${server.url}/healthz`).then(
            ({ status }) => status,
            () => 0,
          ),
      )
      .toBe(200);
  });
});

async function bestOf(times: number, measure: () => Promise<number>): Promise<number> {
  let best = Infinity;
  for (let time = 0; time < times; time += 1) best = Math.min(best, await measure());
  return best;
}
