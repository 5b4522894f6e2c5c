import { connect as connectPlain, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UseHead } from '../../../src/provenance/use-exchange.ts';
import { createJobAuthority } from '../../../src/runner/use/job-authority.ts';
import { type AskForUse, startUseProxy, type UseProxy } from '../../../src/runner/use/use-proxy.ts';

const authority = createJobAuthority(new Date());
let proxy: UseProxy;
let server: Server;
let ask: AskForUse;
let asked: { readonly head: UseHead; readonly body: string }[];
let said: string[];

beforeEach(async () => {
  asked = [];
  said = [];
  ask = async (head, body) => {
    const parts: Buffer[] = [];
    for await (const part of body as AsyncIterable<Buffer>) parts.push(part);
    asked.push({ head, body: Buffer.concat(parts).toString('latin1') });
    const answer = { status: 200, headers: [['X-Answer', 'yes']] } as const;
    return { kind: 'answered', head: answer, body: Readable.from([Buffer.from('answered')]) };
  };
  const hosts = new Set(['api.example.com', 'registry.example.com:8443']);
  proxy = startUseProxy({
    authority,
    hosts,
    ask: async (...words) => await ask(...words),
    say: (line) => said.push(line),
  });
  server = createServer((socket) => proxy.accept(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  proxy.close();
  server.close();
});

function dial(): Socket {
  const socket = connectPlain((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

/** Everything that comes until the other side ends. */
async function readAll(socket: Socket): Promise<string> {
  return await new Promise((resolve) => {
    let text = '';
    socket.on('data', (part: Buffer) => {
      text += part.toString('latin1');
    });
    socket.on('close', () => resolve(text));
  });
}

/** Sends bytes to the proxy itself. */
async function sendPlain(bytes: string): Promise<string> {
  const socket = dial();
  socket.end(bytes);
  return await readAll(socket);
}

/** A tunnel to a host, with its TLS. Rejects if either is refused. */
async function tunnel(target = 'api.example.com:443', tls: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = dial();
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const line = await new Promise<string>((resolve) => socket.once('data', (part: Buffer) => resolve(part.toString())));
  if (!line.startsWith('HTTP/1.1 200')) throw new Error(line);
  const servername = target.split(':')[0] ?? '';
  const secure = connectTls({ socket, servername, ca: authority.certificate, ...tls });
  await new Promise<void>((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject));
  return secure;
}

async function sendSecure(bytes: string): Promise<string> {
  const socket = await tunnel();
  socket.write(bytes, 'latin1');
  return await readAll(socket);
}

const closing = 'Host: api.example.com\r\nConnection: close\r\n';

describe('the proxy of a command', () => {
  it('asks the broker for what the program asked for, and returns its answer', async () => {
    const text = await sendSecure(
      `POST /a?b=c HTTP/1.1\r\n${closing}X-A: one\r\nx-a: two\r\nContent-Length: 4\r\n\r\nbody`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\nX-Answer: yes\r\n/);
    expect(text).toContain('answered');
    const headers = [
      ['X-A', 'one'],
      ['x-a', 'two'],
    ];
    const url = 'https://api.example.com/a?b=c';
    expect(asked).toEqual([{ head: { method: 'POST', url, headers, length: 4 }, body: 'body' }]);
  });

  it('keeps a connection, and sends a chunked body on', async () => {
    const first =
      'POST /1 HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
    const text = await sendSecure(`${first}GET /2 HTTP/1.1\r\n${closing}\r\n`);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(asked.map(({ head, body }) => `${head.url.at(-1) ?? ''} ${String(head.length)} ${body}`).toSorted()).toEqual(
      ['1 null abc', '2 0 '],
    );
  });

  it('leaves out what describes the connection, and what the connection names', async () => {
    const own = 'Proxy-Authorization: Basic eA==\r\nTE: trailers\r\nKeep-Alive: 5\r\nX-Hop: 1\r\n';
    await sendSecure(`GET / HTTP/1.1\r\nHost: api.example.com\r\nConnection: close, x-hop\r\n${own}\r\n`);
    expect(asked[0]?.head.headers).toEqual([]);
  });

  it('speaks for a host on another port where the policy names it', async () => {
    const socket = await tunnel('registry.example.com:8443');
    socket.write('GET / HTTP/1.1\r\nHost: registry.example.com:8443\r\nConnection: close\r\n\r\n');
    expect(await readAll(socket)).toContain('answered');
    expect(asked[0]?.head.url).toBe('https://registry.example.com:8443/');
  });

  it('offers HTTP/1.1 and nothing newer', async () => {
    const socket = await tunnel('api.example.com:443', { ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).toBe('http/1.1');
    socket.destroy();
    await expect(tunnel('api.example.com:443', { ALPNProtocols: ['h2'] })).rejects.toThrow();
  });
});

describe('a request that two readers could read in two ways', () => {
  const refused: readonly (readonly [string, string])[] = [
    [
      'a length and chunks (CL.TE)',
      `POST / HTTP/1.1\r\n${closing}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'chunks and a length (TE.CL)',
      `POST / HTTP/1.1\r\n${closing}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
    ],
    ['two codings', `POST / HTTP/1.1\r\n${closing}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['a coding that is none', `POST / HTTP/1.1\r\n${closing}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `POST / HTTP/1.1\r\n${closing}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    ['a length with a sign', `POST / HTTP/1.1\r\n${closing}Content-Length: +1\r\n\r\na`],
    ['a folded header', `GET / HTTP/1.1\r\n${closing}X-A: b\r\n c\r\n\r\n`],
    ['a space before the colon', `GET / HTTP/1.1\r\n${closing}X-A : b\r\n\r\n`],
    ['a NUL', `GET / HTTP/1.1\r\n${closing}X-A: a\0b\r\n\r\n`],
    ['a bare line feed', `GET / HTTP/1.1\nHost: api.example.com\n\n`],
    ['the absolute form', `GET https://other.example/ HTTP/1.1\r\n${closing}\r\n`],
    ['the absolute form of its own host', `GET https://api.example.com/ HTTP/1.1\r\n${closing}\r\n`],
    ['no Host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'],
    ['two Hosts', `GET / HTTP/1.1\r\n${closing}Host: api.example.com\r\n\r\n`],
    ['another Host', 'GET / HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n'],
    ['another port in Host', 'GET / HTTP/1.1\r\nHost: api.example.com:444\r\nConnection: close\r\n\r\n'],
    ['HTTP/1.0', `GET / HTTP/1.0\r\n${closing}\r\n`],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['TRACE', `TRACE / HTTP/1.1\r\n${closing}\r\n`],
    ['an asterisk', `OPTIONS * HTTP/1.1\r\n${closing}\r\n`],
  ];

  it.each(refused)('is refused: %s', async (_, bytes) => {
    const text = await sendSecure(bytes);
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).not.toContain('answered');
    expect(asked).toEqual([]);
  });

  it.each(['websocket', 'h2c'])('is refused in a sentence: an upgrade to %s', async (protocol) => {
    const text = await sendSecure(
      `GET / HTTP/1.1\r\nHost: api.example.com\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 501 /);
    expect(text).toContain('are not proxied');
    expect(asked).toEqual([]);
  });

  it('is refused: a tunnel in the tunnel', async () => {
    const text = await sendSecure('CONNECT other.example:443 HTTP/1.1\r\nHost: api.example.com\r\n\r\n');
    expect(text).not.toContain('200');
    expect(asked).toEqual([]);
  });
});

describe('a program that asks the proxy for another host', () => {
  it.each(['other.example:443', 'api.example.com.evil.example:443', '127.0.0.1:443'])(
    'gets 403 for %s',
    async (target) => {
      await expect(tunnel(target)).rejects.toThrow('403 Forbidden');
      expect(said).toHaveLength(1);
    },
  );

  it('gets a host in capitals, and no other spelling of it', async () => {
    const socket = await tunnel('API.example.COM:443', { servername: 'api.example.com' });
    socket.destroy();
    for (const target of [
      'api.example.com',
      'api.example.com:0',
      'api.example.com:99999',
      '[::1]:443',
      'api.example.com.:443',
      'a b:443',
    ])
      await expect(tunnel(target)).rejects.toThrow(/400|403/);
  });

  it('gets no TLS for a name that is not the one of CONNECT, and none without a name', async () => {
    await expect(tunnel('api.example.com:443', { servername: 'registry.example.com' })).rejects.toThrow();
    await expect(tunnel('api.example.com:443', { servername: '' })).rejects.toThrow();
    expect(said[0]).toContain('asks it for the certificate of registry.example.com');
  });

  it('gets 403 for plain http', async () => {
    expect(await sendPlain('GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n')).toMatch(
      / 403 [^]*ask for https:\/\/api\.example\.com/,
    );
    expect(asked).toEqual([]);
  });
});

describe('when the broker', () => {
  const request = `GET / HTTP/1.1\r\n${closing}\r\n`;

  it('refuses, the program gets the sentence', async () => {
    ask = async () => await Promise.resolve({ kind: 'refused', status: 403, sentence: 'Only GET is allowed.' });
    expect(await sendSecure(request)).toMatch(/^HTTP\/1\.1 403 [^]*Keyturn: Only GET is allowed\./);
  });

  it('cannot be reached, the request fails', async () => {
    ask = async () => await Promise.reject(new Error('the secret place'));
    const text = await sendSecure(request);
    expect(text).toMatch(/^HTTP\/1\.1 502 /);
    expect(text).not.toContain('secret place');
  });

  it('breaks off in the middle, the program sees that the answer is not whole', async () => {
    ask = async () => {
      const body = new Readable({ read: () => undefined });
      body.push('half');
      setImmediate(() => body.destroy(new Error('gone')));
      return await Promise.resolve({ kind: 'answered', head: { status: 200, headers: [] }, body });
    };
    const text = await sendSecure(request);
    // A chunked body that is whole ends with a chunk of length 0.
    expect(text).not.toMatch(/0\r\n\r\n$/);
  });

  it('is asked and the program goes away, the request is given up', async () => {
    const abandoned = new Promise<void>((resolve) => {
      ask = async (_head, _body, signal) => {
        socketOfProgram.destroy();
        return await new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            resolve();
            reject(new Error('given up'));
          });
        });
      };
    });
    const socketOfProgram = await tunnel();
    socketOfProgram.write(request);
    await abandoned;
  });
});
