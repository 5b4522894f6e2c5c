import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { UpstreamRequest } from '../../src/broker/ports/upstream.ts';
import { httpsUpstream } from '../../src/upstream/https-upstream.ts';
import { type HttpsService, startHttpsService } from '../broker/https-service.ts';

const services: HttpsService[] = [];
afterEach(async () => {
  for (const service of services.splice(0)) await service.stop();
});

async function serviceOf(name?: string): Promise<HttpsService> {
  const service = await startHttpsService(name === undefined ? {} : { name });
  services.push(service);
  return service;
}

async function* bytes(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield await Promise.resolve(Buffer.from(part));
}

const to = (url: string, change: Partial<UpstreamRequest> = {}): UpstreamRequest => ({
  method: 'GET',
  url: new URL(url),
  headers: [],
  length: 0,
  body: bytes(),
  addresses: 'loopback',
  session: 'one',
  ...change,
});

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('an upstream over https', () => {
  it('gets exactly the head that was decided about, framed by the broker alone', async () => {
    const { url, port, authority, arrived } = await serviceOf();
    const upstream = httpsUpstream({ authority });
    const { status, body } = await upstream.send(
      to(`${url}/a?b=c`, {
        method: 'PUT',
        headers: [
          ['X-A', '1'],
          ['X-A', '2'],
        ],
        length: 6,
        body: bytes('ab', 'cdef'),
      }),
    );
    expect([status, await textOf(body)]).toEqual([200, 'done']);
    expect(arrived[0]).toMatchObject({ method: 'PUT', path: '/a?b=c', body: Buffer.from('abcdef') });
    expect(arrived[0]?.rawHeaders.slice(0, 8)).toEqual([
      'host',
      `localhost:${String(port)}`,
      'X-A',
      '1',
      'X-A',
      '2',
      'content-length',
      '6',
    ]);
    await textOf((await upstream.send(to(url, { method: 'POST', length: null, body: bytes('abc') }))).body);
    expect(arrived[1]?.headers).toMatchObject({ 'transfer-encoding': 'chunked' });
    expect(arrived[1]?.headers['content-length']).toBeUndefined();
  });

  it('gets nothing before its certificate has shown who it is', async () => {
    const [unknown, other] = [await serviceOf(), await serviceOf('elsewhere.example')];
    const headers = [['authorization', 'the value']] as const;
    await expect(httpsUpstream().send(to(unknown.url, { headers }))).rejects.toMatchObject({
      code: 'UPSTREAM_NOT_VERIFIED',
    });
    await expect(httpsUpstream({ authority: other.authority }).send(to(other.url, { headers }))).rejects.toMatchObject({
      code: 'UPSTREAM_NOT_VERIFIED',
      details: { reason: 'ERR_TLS_CERT_ALTNAME_INVALID' },
    });
    expect([unknown.arrived, other.arrived]).toEqual([[], []]);
  });

  it.each([
    ['public', ['127.0.0.1']],
    ['public', ['10.0.0.1']],
    ['private', ['127.0.0.1']],
    ['loopback', ['169.254.169.254']],
    ['public', ['93.184.216.34', '10.0.0.1']],
    ['public', ['::ffff:127.0.0.1']],
  ] as const)('is refused where %s addresses are opened and its name has %s', async (addresses, found) => {
    const { url, authority, arrived } = await serviceOf();
    const upstream = httpsUpstream({ authority, resolve: async () => await Promise.resolve(found) });
    await expect(upstream.send(to(url, { addresses }))).rejects.toMatchObject({ code: 'UPSTREAM_ADDRESS_REFUSED' });
    expect(arrived).toEqual([]);
  });

  it('is connected to at the address that was looked at, whatever its name has a moment later', async () => {
    const { url, authority } = await serviceOf();
    const answers = [['127.0.0.1'], ['169.254.169.254']];
    const upstream = httpsUpstream({ authority, resolve: async () => await Promise.resolve(answers.shift() ?? []) });
    expect((await upstream.send(to(url))).status).toBe(200);
    expect(answers).toEqual([['169.254.169.254']]);
    await expect(upstream.send(to(url))).rejects.toMatchObject({ code: 'UPSTREAM_ADDRESS_REFUSED' });
  });

  it('has no name that resolves, or does not answer', async () => {
    const upstream = httpsUpstream({
      resolve: async () => await Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
    });
    await expect(upstream.send(to('https://nowhere.example/'))).rejects.toMatchObject({ code: 'UPSTREAM_UNKNOWN' });
    const silent = createServer((socket) => socket.destroy());
    await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
    const url = `https://localhost:${String((silent.address() as AddressInfo).port)}`;
    await expect(httpsUpstream().send(to(url))).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
    await new Promise((done) => silent.close(done));
  });

  it('keeps a connection for one session, and opens another for the next', async () => {
    const { url, authority, arrived } = await serviceOf();
    const upstream = httpsUpstream({ authority });
    for (const session of ['one', 'one', 'two']) {
      await textOf((await upstream.send(to(url, { session }))).body);
      // The connection is put back in the turn after the answer's end.
      await new Promise((done) => setImmediate(done));
    }
    expect(arrived.map(({ connection }) => connection)).toEqual([1, 1, 2]);
  });

  it('is broken off by a body of another length', async () => {
    const { url, authority, arrived } = await serviceOf();
    const upstream = httpsUpstream({ authority });
    for (const body of [bytes('abcdefgh'), bytes('ab')])
      await expect(upstream.send(to(url, { method: 'POST', length: 4, body }))).rejects.toMatchObject({
        code: 'UPSTREAM_UNREACHABLE',
      });
    expect(arrived).toEqual([]);
  });

  it('cannot change the protocol', async () => {
    const { url, authority, ...service } = await serviceOf();
    service.answer((_arrived, response) => {
      response.socket?.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    });
    await expect(httpsUpstream({ authority }).send(to(url))).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' });
  });
});
