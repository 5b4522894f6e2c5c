import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Keyturn } from '../../src/keyturn.ts';
import { untraced } from '../../src/log/trace.ts';
import { type RunningServer, startServer } from '../../src/server.ts';
import type { Settings } from '../../src/settings.ts';
import { createWeb } from '../../src/web/create-web.ts';
import { readBody } from '../../src/web/read-body.ts';
import type { WebPorts } from '../../src/web/web-ports.ts';
import { sessionsUnderTest } from '../web/sign-in/sessions-under-test.ts';

const closing: (() => unknown)[] = [];

/** Closes every server and client that was opened here, the newest first. */
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0).reverse()) await close();
}

const hour = 3_600_000;
const patient = { headMs: hour, requestMs: hour, idleMs: hour, keptMs: hour, lookEveryMs: 20, connections: 2_000 };
const large = new Uint8Array(32 * 1024 * 1024);

/** The application with its probes, a page too large for a socket's buffers, and a hook that reads its body. */
export async function start(limits: Partial<typeof patient> = {}): Promise<RunningServer> {
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

export async function open({ url }: RunningServer, text: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  closing.push(() => socket.destroy());
  // The server may cut it: that is what some of these tests are about.
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  socket.write(text);
  return socket;
}

export const unfinishedHead = 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ';
export const unfinishedBody = 'POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nslow';
export const neverRead = 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Opens many clients of each slow kind; a byte of each of them comes now and then. */
export async function openSlowClients(server: RunningServer, count: number): Promise<readonly Socket[]> {
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
export async function askBusily(server: RunningServer, each: number): Promise<readonly number[]> {
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
      if (status !== 200) throw new Error(`A busy client got ${String(status)}.`);
      took.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  agent.destroy();
  return took.sort((a, b) => a - b);
}
