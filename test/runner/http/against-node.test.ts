import { once } from 'node:events';
import { createServer as createWebServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { exchangeFailure, type HttpAnswer, httpExchange } from '../../../src/runner/http-exchange.ts';

const servers: Server[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
});

/** Resolves with the address of a server on this machine. */
async function addressOf(server: Server): Promise<string> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // A client that breaks off is part of some tests.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** Answers each connection with the same bytes, as soon as a request has come. */
function sayingServer(say: (socket: Socket) => void): Server {
  return createServer((socket) => socket.once('data', () => say(socket)));
}

const request = { method: 'GET', headers: {}, timeoutMs: 60_000 } as const;
const token = fc.stringMatching(/^[a-z][a-z\d-]{0,10}$/).map((name) => `x-${name}`);
const value = fc.stringMatching(/^([!-~]([ -~]{0,20}[!-~])?)?$/);

describe("Node's own server", () => {
  it('receives each request as it was meant, and is understood, whatever is said', async () => {
    let answer: (asked: IncomingMessage, response: ServerResponse) => Promise<void>;
    const url = await addressOf(createWebServer((asked, response) => void answer(asked, response)));
    const message = fc.record({
      method: fc.constantFrom('GET', 'POST'),
      headers: fc.dictionary(token, value, { maxKeys: 4 }),
      body: fc.string({ unit: 'grapheme', maxLength: 200 }),
    });
    const reply = fc.record({
      status: fc.integer({ min: 200, max: 599 }),
      headers: fc.dictionary(token, value, { maxKeys: 4 }),
      parts: fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 3 }),
      hasLength: fc.boolean(),
      closes: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(message, reply, async ({ method, headers, body }, replied) => {
        let received: unknown;
        answer = async (asked, response) => {
          received = { method: asked.method, headers: asked.headers, body: await text(asked) };
          const whole = replied.parts.join('');
          const length = replied.hasLength ? { 'content-length': String(Buffer.byteLength(whole)) } : {};
          const end = replied.closes ? { connection: 'close' } : {};
          response.writeHead(replied.status, { ...replied.headers, ...length, ...end });
          for (const part of replied.hasLength ? [whole] : replied.parts) response.write(part);
          response.end();
        };
        const sent = method === 'POST' ? { body } : {};
        const got = await httpExchange({ ...request, url: `${url}/a%20b?c=d`, method, headers, ...sent });
        expect(received).toMatchObject({ method, headers, body: method === 'POST' ? body : '' });
        const isEmpty = replied.status === 204 || replied.status === 304;
        expect(got).toMatchObject({ status: replied.status, body: isEmpty ? '' : replied.parts.join('') });
        expect({ ...got.headers }).toMatchObject(replied.headers);
      }),
      { numRuns: 60 },
    );
  });
});

describe("what this client takes for an answer, Node's own takes for the same one", () => {
  const pieces = [
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.0 200 OK\r\n',
    'HTTP/1.1 204 No Content\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'content-length: 4\r\n',
    'content-length: 5\r\n',
    'Content-Length:4 \r\n',
    'content-length : 4\r\n',
    'transfer-encoding: chunked\r\n',
    'Transfer-Encoding: gzip\r\n',
    'connection: close\r\n',
    'x: y\r\n',
    ' z\r\n',
    '\r\n',
    '\n',
    '\r',
    '4\r\nhere\r\n',
    '0\r\n\r\n',
    '4;x\r\n',
    'here',
    '0\r\nx: y\r\n\r\n',
    '\0',
    '\xff',
  ];
  const usual = ['HTTP/1.1 200 OK\r\n', 'content-length: 4\r\n', '\r\n', 'here'];
  const chunked = ['HTTP/1.1 200 OK\r\n', 'transfer-encoding: chunked\r\n', '\r\n', '4\r\nhere\r\n', '0\r\n\r\n'];
  const changed = fc
    .tuple(
      fc.constantFrom(usual, chunked),
      fc.array(fc.record({ at: fc.nat(), drop: fc.nat({ max: 1 }), put: fc.constantFrom(...pieces) }), {
        maxLength: 3,
      }),
    )
    .map(([whole, changes]) => {
      const parts = [...whole];
      for (const { at, drop, put } of changes) parts.splice(at % (parts.length + 1), drop, put);
      return parts.join('');
    });

  it('however it is bent', async () => {
    let bytes = '';
    const url = await addressOf(sayingServer((socket) => socket.end(bytes, 'latin1')));
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(changed, async (bent) => {
        bytes = bent;
        const own = await httpExchange({ ...request, url, headers: { connection: 'close' } }).catch(exchangeFailure);
        if (typeof own === 'string') {
          expect(own).toMatch(/^(ANSWER_MALFORMED|ECONNRESET|EPIPE)$/);
          return;
        }
        taken += 1;
        expect(own).toMatchObject(await askByNode(url));
      }),
      { numRuns: 150 },
    );
    expect(taken).toBeGreaterThan(0);
  });
});

/** Node's client, which is strict too unless it is told otherwise. */
async function askByNode(url: string): Promise<Pick<HttpAnswer, 'status' | 'body'>> {
  const asked = get(url, { agent: false });
  // Of what follows the answer.
  asked.on('error', () => undefined);
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, body: await text(answer) };
}

describe('connections', () => {
  it('are used again, by eight exchanges at most at once', async () => {
    let opened = 0;
    let most = 0;
    let busy = 0;
    const held: (() => void)[] = [];
    const server = createWebServer((_asked, response) => {
      busy += 1;
      most = Math.max(most, busy);
      held.push(() => {
        busy -= 1;
        response.end('here');
      });
      // As soon as all that may ask do: what waits comes when these are answered.
      if (held.length === 8) for (const free of held.splice(0)) free();
    });
    server.on('connection', () => (opened += 1));
    const url = await addressOf(server);
    const answers = await Promise.all(Array.from({ length: 24 }, () => httpExchange({ ...request, url })));
    expect(answers.map(({ body }) => body)).toEqual(Array.from({ length: 24 }, () => 'here'));
    expect([most, opened]).toEqual([8, 8]);
  });

  it('are not used again after bytes that nobody asked for', async () => {
    let opened = 0;
    const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhere';
    const forged = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged';
    const server = sayingServer((socket) => socket.write(`${answer}${forged}`));
    server.on('connection', () => (opened += 1));
    const url = await addressOf(server);
    const first = await httpExchange({ ...request, url });
    const second = await httpExchange({ ...request, url });
    expect([first.body, second.body, opened]).toEqual(['here', 'here', 2]);
  });

  it.each([
    ['closes', '', 'ECONNRESET'],
    ['closes within its answer', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhere', 'ECONNRESET'],
    ['speaks another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'ANSWER_MALFORMED'],
    ['answers too much', 'HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n', 'ANSWER_TOO_LONG'],
  ])('to a server that %s fail, each request anew', async (_what, bytes, code) => {
    const url = await addressOf(sayingServer((socket) => socket.end(bytes)));
    const ask = async () => await httpExchange({ ...request, url }).catch(exchangeFailure);
    expect([await ask(), await ask()]).toEqual([code, code]);
  });

  it('to a server that is silent are given up in time, those that wait for one too', async () => {
    const url = await addressOf(createServer(() => undefined));
    const asked = Array.from({ length: 10 }, () => httpExchange({ ...request, url, timeoutMs: 50 }));
    const failures = await Promise.all(asked.map((one) => one.catch(exchangeFailure)));
    expect(failures).toEqual(Array.from({ length: 10 }, () => 'ETIMEDOUT'));
  });

  it('to a server that says its answer byte by byte last until its end', async () => {
    const bytes = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhere\r\n0\r\n\r\n';
    const url = await addressOf(
      sayingServer((socket) => {
        socket.setNoDelay(true);
        for (const byte of bytes) socket.write(byte);
      }),
    );
    expect((await httpExchange({ ...request, url })).body).toBe('here');
  });
});
