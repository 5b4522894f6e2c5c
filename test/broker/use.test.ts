import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSession } from '../../src/broker/journal/session-journal.ts';
import { startUseWorld, type UseWorld } from './use-world.ts';

const value = 'hT7"q\\2/kP+9w=Zs';

let world: UseWorld;
beforeAll(async () => {
  world = await startUseWorld({ value });
});
afterAll(async () => await world.stop());

const entries = async () => (await readSession(world.records, world.session)).entries;
const newest = async () => (await entries()).at(-1)?.facts;

describe('a placeholder', () => {
  it('is the same on every broker, another in every session, and tells what it is for', async () => {
    const { status, body } = await world.askForPlaceholders(['db-password']);
    expect(status).toBe(200);
    const placeholders = body['placeholders'] as { secret: string; placeholder: string; hosts: string[] }[];
    expect(placeholders).toMatchObject([
      { hosts: ['127.0.0.1', 'localhost'].map((host) => `${host}:${String(world.service.port)}`) },
    ]);
    expect(await newest()).toMatchObject({ act: 'placeholders', jail: 'namespaces' });
    expect(placeholders[0]?.placeholder).toMatch(/^keyturn-use-[\w-]{32}$/);
    const [again] = (await world.askForPlaceholders(['db-password'])).body['placeholders'] as typeof placeholders;
    expect(again?.placeholder).toBe(placeholders[0]?.placeholder);
    const other = await startUseWorld();
    expect(await other.placeholder('db-password')).not.toBe(placeholders[0]?.placeholder);
    await other.stop();
  });

  it.each([
    ['deploy-key', 'outside-namespace'],
    ['nobody', 'use-not-allowed'],
    ['unheard-of', 'secret-not-bound'],
  ])('of %s is refused on record: %s', async (name, code) => {
    const { status, body } = await world.askForPlaceholders(['db-password', name]);
    expect(status).toBe(403);
    expect(body).toMatchObject({ error: { code: 'BROKER_READ_REFUSED', because: [{ code }] } });
    expect(await newest()).toMatchObject({ act: 'refused', secret: name, because: [code] });
  });

  it('does not open the value: a secret that is only used is refused to a read', async () => {
    const { status, body } = await world.read(world.session, world.key);
    expect(status).toBe(403);
    expect(body).toMatchObject({ error: { because: [{ code: 'use-only' }] } });
  });
});

describe('a use', () => {
  it('puts the value into the header that the policy names, and nothing else is changed', async () => {
    const placeholder = await world.placeholder('db-password');
    const used = await world.use({
      url: `${world.service.url}/v1/items?a=b`,
      headers: [
        ['Authorization', `Bearer ${placeholder}`],
        ['X-Trace', '7'],
      ],
    });
    expect(used).toMatchObject({ status: 200, answer: { status: 200 }, text: 'done' });
    const { method, path, headers } = world.service.arrived.at(-1) ?? {};
    expect([method, path]).toEqual(['GET', '/v1/items?a=b']);
    expect(headers).toMatchObject({
      host: `localhost:${String(world.service.port)}`,
      authorization: `Bearer ${value}`,
      'x-trace': '7',
    });
  });

  it('puts it into Basic authentication, as the password and as the user', async () => {
    const placeholder = await world.placeholder('db-password');
    for (const [written, sent] of [
      [`git:${placeholder}`, `git:${value}`],
      [`${placeholder}:x`, `${value}:x`],
    ]) {
      const authorization = `Basic ${Buffer.from(written ?? '').toString('base64')}`;
      const headers = [['authorization', authorization]] as const;
      await world.use({ url: `${world.service.url}/git/shop.git/info/refs`, headers });
      const [, encoded = ''] = world.service.arrived.at(-1)?.headers.authorization?.split(' ') ?? [];
      expect(Buffer.from(encoded, 'base64').toString()).toBe(sent);
    }
  });

  it('puts it into the field of the query that the policy names', async () => {
    const placeholder = await world.placeholder('db-password');
    await world.use({ url: `${world.service.url}/query?other=1&key=${placeholder}` });
    const { searchParams } = new URL(world.service.arrived.at(-1)?.path ?? '', 'https://localhost');
    expect([searchParams.get('other'), searchParams.get('key')]).toEqual(['1', value]);
  });

  it.each([
    ['application/json', (text: string) => JSON.stringify({ key: text })],
    ['application/x-www-form-urlencoded', (text: string) => new URLSearchParams({ key: text }).toString()],
    ['text/plain', (text: string) => `key ${text} \u00e9`],
  ])('puts it into a body of %s as that is written', async (type, write) => {
    const placeholder = await world.placeholder('db-password');
    const headers = [['content-type', type]] as const;
    const head = { method: 'POST', url: `${world.service.url}/form`, headers };
    expect((await world.use(head, { body: write(placeholder) })).status).toBe(200);
    const { body, headers: sent } = world.service.arrived.at(-1) ?? {};
    const read: Record<string, (text: string) => unknown> = {
      'application/json': (text) => (JSON.parse(text) as { key: string }).key,
      'application/x-www-form-urlencoded': (text) => new URLSearchParams(text).get('key'),
      'text/plain': (text) => text.slice('key '.length, -2),
    };
    expect(read[type]?.(body?.toString() ?? '')).toBe(value);
    expect(sent?.['content-length']).toBe(String(body?.length));
  });

  it('passes a placeholder in a body on as it is, where the policy puts nothing into bodies', async () => {
    const placeholder = await world.placeholder('db-password');
    const body = `{"prompt":"what is ${placeholder}?"}`;
    expect((await world.use({ method: 'POST' }, { body })).status).toBe(200);
    expect(world.service.arrived.at(-1)?.body.toString()).toBe(body);
  });

  it('makes a request without a placeholder where one could go, as git does first', async () => {
    const used = await world.use({ url: `${world.service.url}/git/shop.git/info/refs` });
    expect(used.answer?.status).toBe(200);
    expect(await newest()).toMatchObject({ act: 'used', status: 200 });
  });

  it('hands a redirect back and follows none', async () => {
    world.service.answer((_arrived, response) =>
      response.writeHead(302, { location: 'https://elsewhere.example/' }).end(),
    );
    const before = world.service.arrived.length;
    const used = await world.use({});
    expect(used.answer).toMatchObject({
      status: 302,
      headers: expect.arrayContaining([['location', 'https://elsewhere.example/']]) as unknown,
    });
    expect(world.service.arrived.length).toBe(before + 1);
    world.service.answer((_arrived, response) => response.end('done'));
  });

  it('is on record before and after, with the pattern of its path and never its query', async () => {
    const placeholder = await world.placeholder('db-password');
    const body = 'twelve bytes';
    await world.use(
      {
        method: 'POST',
        url: `${world.service.url}/v1/items/7?q=private-words`,
        headers: [['authorization', placeholder]],
      },
      { body },
    );
    const [asked, used] = (await entries()).slice(-2).map(({ facts }) => facts);
    expect(asked).toMatchObject({
      act: 'use-asked',
      method: 'POST',
      host: `localhost:${String(world.service.port)}`,
      path: '/v1/**',
      reads: [{ secret: 'db-password', namespace: 'shop', put: true }],
    });
    expect(used).toMatchObject({ act: 'used', status: 200, code: null, bytesOut: 12, bytesIn: 4 });
    expect(JSON.stringify(await entries())).not.toContain('private-words');
    const row = world.cloud.auditLog.rows().at(-1);
    expect(JSON.stringify(row)).toContain(asked?.act === 'use-asked' ? asked.reads[0]?.nonce : 'a nonce');
  });
});

describe('a use that the policy does not name', () => {
  it.each([
    ['another host', { url: 'https://elsewhere.example/v1/items' }, 'host-not-allowed'],
    ['another port', { url: 'https://localhost/v1/items' }, 'host-not-allowed'],
    ['another method', { method: 'DELETE' }, 'method-not-allowed'],
    ['another path', { url: '/admin' }, 'path-not-allowed'],
    ['a path that leads out', { url: '/v1/%2e%2e%2fadmin' }, 'path-not-allowed'],
    ['the query of a path for headers', { url: '/v1/items?key=PLACEHOLDER', headers: [] }, 'placeholder-misplaced'],
    ['the path itself', { url: '/v1/PLACEHOLDER', headers: [] }, 'placeholder-misplaced'],
    ['another header', { headers: [['X-Key', 'PLACEHOLDER']] }, 'placeholder-misplaced'],
    ['the name of a header', { headers: [['PLACEHOLDER', 'x']] }, 'placeholder-misplaced'],
    [
      'a second place besides the right one',
      {
        headers: [
          ['authorization', 'PLACEHOLDER'],
          ['x-copy', 'PLACEHOLDER'],
        ],
      },
      'placeholder-misplaced',
    ],
    [
      'a placeholder of another job',
      { headers: [['authorization', `keyturn-use-${'a'.repeat(32)}`]] },
      'placeholder-unknown',
    ],
  ] as const)('is refused on record: %s', async (_, change, code) => {
    const placeholder = await world.placeholder('db-password');
    const sent: { method?: string; url?: string; headers?: readonly (readonly [string, string])[] } = change;
    const url = sent.url?.startsWith('/') === true ? `${world.service.url}${sent.url}` : sent.url;
    const headers = (sent.headers ?? [['authorization', 'PLACEHOLDER']]) as readonly (readonly [string, string])[];
    const arrived = world.service.arrived.length;
    const used = await world.use({
      ...(sent.method === undefined ? {} : { method: sent.method }),
      ...(url === undefined ? {} : { url: url.replace('PLACEHOLDER', placeholder) }),
      headers: headers.map(
        ([name, text]) => [name.replace('PLACEHOLDER', placeholder), text.replace('PLACEHOLDER', placeholder)] as const,
      ),
    });
    expect(used).toMatchObject({ status: 403, codes: [code] });
    expect(await newest()).toMatchObject({ act: 'use-refused', because: [code] });
    expect(world.service.arrived.length).toBe(arrived);
  });

  it.each([
    ['plain http', { url: 'http://localhost/v1/items' }],
    ['a host that is too long', { url: `https://${'a'.repeat(254)}/v1/items` }],
    ['user information in the address', { url: 'https://a:b@localhost/v1/items' }],
    ['CONNECT', { method: 'CONNECT' }],
    ['a Host of another', { headers: [['Host', 'elsewhere.example']] }],
    [
      'two Hosts',
      {
        headers: [
          ['Host', 'localhost'],
          ['host', 'localhost'],
        ],
      },
    ],
    ['a length of its own', { headers: [['Content-Length', '3']] }],
    ['a coding of its own', { headers: [['Transfer-Encoding', 'chunked']] }],
    [
      'both',
      {
        headers: [
          ['Content-Length', '3'],
          ['Transfer-Encoding', 'chunked'],
        ],
      },
    ],
    [
      'an upgrade',
      {
        headers: [
          ['Connection', 'Upgrade'],
          ['Upgrade', 'websocket'],
        ],
      },
    ],
    ['a line end in a header', { headers: [['X-A', 'b\r\nContent-Length: 0']] }],
  ] as const)('is malformed: %s', async (_, change) => {
    const arrived = world.service.arrived.length;
    const used = await world.use(change as Parameters<UseWorld['use']>[0]);
    expect(used).toMatchObject({ status: 400, codes: ['REQUEST_MALFORMED'] });
    expect(world.service.arrived.length).toBe(arrived);
  });

  it.each([
    ['more', 'four more bytes'],
    ['fewer', 'x'],
  ])('breaks off where %s bytes come than its head names', async (_, body) => {
    const used = await world.use({ method: 'POST', length: 4 }, { body });
    expect(used.codes).toEqual(['UPSTREAM_UNREACHABLE']);
    // Where it may be put into, it is counted before anything is sent.
    const arrived = world.service.arrived.length;
    const held = await world.use({ method: 'POST', url: `${world.service.url}/form`, length: 4 }, { body });
    expect(held.codes).toEqual(['REQUEST_MALFORMED']);
    expect(world.service.arrived.length).toBe(arrived);
  });

  it('is no other head than the one that was signed, and counts once', async () => {
    const { proveRequest } = await import('../../src/runner/broker/job-key.ts');
    const { encodeHead } = await import('../../src/provenance/use-exchange.ts');
    const head = { method: 'GET', url: `${world.service.url}/v1/items`, headers: [], length: 0 };
    const at = world.cloud.clock.now();
    const url = 'http://localhost:7071/broker/uses';
    const proof = proveRequest(world.key, { method: 'POST', url, body: encodeHead(head), at, id: 'an-id-of-its-own' });
    expect((await world.use({ url: `${world.service.url}/v1/other` }, { proof })).codes).toEqual([
      'BROKER_PROOF_REFUSED',
    ]);
    expect((await world.use({}, { proof })).status).toBe(200);
    expect((await world.use({}, { proof })).codes).toEqual(['BROKER_PROOF_REFUSED']);
    expect((await world.use({}, { proof, world: world.second() })).codes).toEqual(['BROKER_PROOF_REFUSED']);
  });
});

describe('an answer that shows the value', () => {
  const asBearer = async () => [['authorization', `Bearer ${await world.placeholder('db-password')}`]] as const;
  const forms: Readonly<Record<string, string>> = {
    'as it is': value,
    'in base64': Buffer.from(`user:${value}`).toString('base64'),
    'in JSON': JSON.stringify({ you: { sent: value } }),
    'in an address': encodeURIComponent(value),
    'in hexadecimal': Buffer.from(value).toString('hex'),
  };
  const codings = {
    identity: (body: Buffer) => body,
    gzip: (body: Buffer) => gzipSync(body),
    deflate: (body: Buffer) => deflateSync(body),
    br: (body: Buffer) => brotliCompressSync(body),
  } as const;

  it.each(Object.keys(forms).flatMap((form) => Object.keys(codings).map((coding) => [form, coding] as const)))(
    '%s, in %s, is masked',
    async (form, coding) => {
      const shown = forms[form] ?? '';
      world.service.answer((_arrived, response) => {
        if (coding !== 'identity') response.setHeader('content-encoding', coding);
        response.end(codings[coding as keyof typeof codings](Buffer.from(`before ${shown} after\n`)));
      });
      const used = await world.use({ headers: await asBearer() });
      expect(used.text).toMatch(/^before .*\*\*\*.* after\n$/s);
      expect(used.text).not.toContain(shown);
      expect(used.text).not.toContain(value);
      expect(used.answer?.headers.map(([name]) => name.toLowerCase())).not.toContain('content-encoding');
      expect(used.answer?.headers.map(([name]) => name.toLowerCase())).not.toContain('content-length');
    },
  );

  it('is masked wherever the answer is split', async () => {
    const text = `a ${value} b ${forms['in base64'] ?? ''} c`;
    for (let at = 1; at < text.length; at += 3) {
      world.service.answer((_arrived, response) => {
        response.write(text.slice(0, at));
        setImmediate(() => response.end(text.slice(at)));
      });
      const { text: got, isCutOff } = await world.use({ headers: await asBearer() });
      expect(isCutOff).toBe(false);
      expect(got).toMatch(/^a \*\*\* b .*\*\*\*.* c$/);
    }
  });

  it('in a header is masked, in its name the header is left out, and a digest of it too', async () => {
    world.service.answer((_arrived, response) => {
      response.setHeader('x-echo', `you sent ${value}`);
      response.setHeader('content-md5', 'abc');
      response.setHeader('www-authenticate', 'Basic realm="a"');
      response.end();
    });
    const { answer } = await world.use({ headers: await asBearer() });
    const headers = new Headers(answer?.headers.map(([name, text]) => [name, text]));
    expect(headers.get('x-echo')).toBe('you sent ***');
    expect(headers.get('content-md5')).toBeNull();
    expect(headers.get('www-authenticate')).toBe('Basic realm="a"');
  });

  it('in a later answer is masked too, when the request did not carry it', async () => {
    world.service.answer((_arrived, response) => response.end(`last time: ${value}`));
    await world.use({ headers: await asBearer() });
    const { text } = await world.use({ url: `${world.service.url}/git/any` });
    expect(text).toBe('last time: ***');
    expect((await entries()).at(-2)?.facts).toMatchObject({ act: 'use-asked', reads: [{ put: false }] });
  });

  it('is never given in parts: no part is asked for, and one that comes is refused', async () => {
    world.service.answer(({ headers }, response) => response.end(headers.range ?? 'no range'));
    const headers = [...(await asBearer()), ['Range', 'bytes=0-3'], ['If-Range', '"x"']] as const;
    expect((await world.use({ headers })).text).toBe('no range');
    world.service.answer((_arrived, response) =>
      response.writeHead(206, { 'content-range': 'bytes 0-3/9' }).end('hT7"'),
    );
    expect(await world.use({ headers })).toMatchObject({ status: 502, codes: ['UPSTREAM_ANSWER_REFUSED'] });
  });

  it.each([
    ['an unknown coding', { 'content-encoding': 'zstd' }],
    ['three codings', { 'content-encoding': 'gzip, gzip, gzip' }],
    ['a head that is too long', { 'x-long': 'x'.repeat(13_000) }],
  ])('is refused with %s', async (_, head) => {
    world.service.answer((_arrived, response) => response.writeHead(200, head).end('whatever'));
    expect(await world.use({ headers: await asBearer() })).toMatchObject({
      status: 502,
      codes: ['UPSTREAM_ANSWER_REFUSED'],
    });
    expect(await newest()).toMatchObject({ act: 'used', code: 'UPSTREAM_ANSWER_REFUSED' });
  });

  it('that breaks off is an answer that breaks off', async () => {
    world.service.answer((_arrived, response) => {
      // Only when it has left: what is not written yet would be lost with the connection.
      response.write('half', () => response.destroy());
    });
    expect(await world.use({})).toMatchObject({ status: 200, isCutOff: true });
    expect(await newest()).toMatchObject({ act: 'used', status: 200, code: 'UPSTREAM_UNREACHABLE' });
    world.service.answer((_arrived, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('whole').subarray(0, 12)),
    );
    expect(await world.use({})).toMatchObject({ status: 200, isCutOff: true });
  });
});
