import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import {
  askBusily,
  closeAll,
  neverRead,
  open,
  openSlowClients,
  start,
  unfinishedBody,
  unfinishedHead,
} from './slow-clients.ts';

afterEach(closeAll);

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
  it('answers each request of sixteen busy clients while two hundred slow ones are connected', async () => {
    const server = await start();
    const slow = await openSlowClients(server, 200);
    expect(await askBusily(server, 25)).toHaveLength(400);
    expect(slow.filter((socket) => socket.destroyed)).toEqual([]);
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
    await expect.poll(isCut, { interval: 500, timeout: 120_000 }).toBe(true);
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
