import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { exchangeFailure, httpExchange, openConnection } from '../../src/runner/http-exchange.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<{ readonly port: string; connections: () => number }> {
  let count = 0;
  server.on('connection', () => (count += 1));
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: String((server.address() as AddressInfo).port), connections: () => count };
}

const answer: RequestListener = (_request, response) => {
  // Ends the connection, so that the server can close.
  response.setHeader('connection', 'close');
  response.end('here');
};
const request = { method: 'GET', headers: {}, timeoutMs: 60_000 } as const;

describe('a connection that was opened early', () => {
  it('is the one that the next request uses', async () => {
    const { port, connections } = await listening(createServer(answer));
    const url = `http://127.0.0.1:${port}`;
    openConnection(url);
    expect((await httpExchange({ ...request, url })).body).toBe('here');
    expect(connections()).toBe(1);
  });

  it('is of no use when the server has closed it: the request opens its own', async () => {
    const server = createServer(answer);
    server.once('connection', (socket) => socket.destroy());
    const { port, connections } = await listening(server);
    const url = `http://127.0.0.1:${port}`;
    openConnection(url);
    await once(server, 'connection');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await httpExchange({ ...request, url })).body).toBe('here');
    expect(connections()).toBe(2);
  });

  it('fails in silence where nobody listens, and the request says why', async () => {
    const { port } = await listening(createServer(answer));
    servers.splice(0).forEach((server) => server.close());
    const url = `http://127.0.0.1:${port}`;
    openConnection(url);
    await expect(httpExchange({ ...request, url })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('trusts no certificate that a request would not trust, and takes the authority that it is given', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
      ],
    });
    const { port, connections } = await listening(createSecureServer({ key, cert }, answer));
    const url = `https://127.0.0.1:${port}`;
    openConnection(url);
    await expect(httpExchange({ ...request, url })).rejects.toHaveProperty('code', 'DEPTH_ZERO_SELF_SIGNED_CERT');
    const before = connections();
    openConnection(url, cert);
    expect((await httpExchange({ ...request, url, authority: cert })).body).toBe('here');
    expect(connections()).toBe(before + 1);
  });
});

describe('over TLS', () => {
  it('resumes the session of an earlier connection, and takes a long answer whole', async () => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
      ],
    });
    const body = 'is here, '.repeat(100_000);
    const resumed: boolean[] = [];
    const server = createSecureServer({ key, cert }, (asked, response) => {
      resumed.push((asked.socket as TLSSocket).isSessionReused());
      response.setHeader('connection', 'close');
      response.end(body);
    });
    const url = `https://localhost:${(await listening(server)).port}`;
    for (let time = 0; time < 2; time += 1) {
      const { body: got } = await httpExchange({ ...request, timeoutMs: 60_000, url, authority: cert });
      expect(got === body).toBe(true);
    }
    expect(resumed).toEqual([false, true]);
  });
});

describe('localhost', () => {
  it('is this machine, wherever a name server or a file would lead, and is asked by its name', async () => {
    const { port } = await listening(createServer((asked, response) => response.end(asked.headers.host)));
    const lookup = vi.spyOn(dns, 'lookup').mockImplementation(() => {
      throw new Error('Looked up.');
    });
    const url = `http://localhost:${port}`;
    try {
      const direct = await httpExchange({ ...request, headers: { connection: 'close' }, url });
      openConnection(url);
      const early = await httpExchange({ ...request, headers: { connection: 'close' }, url });
      expect([direct.body, early.body]).toEqual([`localhost:${port}`, `localhost:${port}`]);
      expect(lookup).not.toHaveBeenCalled();
    } finally {
      lookup.mockRestore();
    }
  });

  it.each([
    ['localhost', 'here'],
    ['vault.example', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('shows a certificate for its name: one for %s gives %s', async (name, expected) => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
      ],
    });
    const { port } = await listening(createSecureServer({ key, cert }, answer));
    const url = `https://localhost:${port}`;
    const ask = async () =>
      await httpExchange({ ...request, url, authority: cert }).then(
        ({ body }) => body,
        (error: unknown) => exchangeFailure(error),
      );
    const direct = await ask();
    openConnection(url, cert);
    expect([direct, await ask()]).toEqual([expected, expected]);
  });
});
