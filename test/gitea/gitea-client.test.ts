import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { giteaClient, type GiteaClient } from '../../src/gitea/gitea-client.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';

const canary = 'gt-canary-4711';
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe('a request to Gitea', () => {
  it('gives a 404 back to the caller, with its body', async () => {
    const { client } = await gitea((_, response) => json(response, 404, { message: 'not there' }));
    expect(await client.request('GET', '/api/v1/x')).toMatchObject({ status: 404, body: { message: 'not there' } });
  });

  it('sends a token, and the pair of Basic authentication in UTF-8', async () => {
    const seen: (string | undefined)[] = [];
    const { client } = await gitea((request, response) => {
      seen.push(request.headers.authorization);
      json(response, 200, {});
    });
    await client.request('GET', '/api/v1/user');
    const password = new SecretValue('pässword:1');
    await client.request('GET', '/api/v1/user', { authentication: { kind: 'basic', user: 'bot', password } });
    await client.request('GET', '/api/v1/version', { authentication: null });
    expect(seen).toEqual([`token ${canary}`, `Basic ${Buffer.from('bot:pässword:1').toString('base64')}`, undefined]);
  });

  it.each([401, 403])('says that access was denied on %i', async (status) => {
    const { client } = await gitea((_, response) => json(response, status, { message: canary }));
    await expect(client.request('GET', '/api/v1/user')).rejects.toMatchObject({
      code: 'GITEA_ACCESS_DENIED',
      details: { path: '/api/v1/user', status },
    });
  });

  it('calls a write unclear when its answer is lost or 5xx, and asks once', async () => {
    const { client, requests } = await gitea((request, response) => {
      if (request.url === '/api/v1/lost') response.destroy();
      else json(response, 500, {});
    });
    const unclear = { code: 'GITEA_ANSWER_UNCLEAR', retry: 'never' };
    await expect(client.request('POST', '/api/v1/lost', { body: {} })).rejects.toMatchObject(unclear);
    await expect(client.request('POST', '/api/v1/broken', { body: {} })).rejects.toMatchObject(unclear);
    expect(requests).toHaveLength(2);
  });

  it('calls a write unclear when it was accepted in words that cannot be read', async () => {
    const { client } = await gitea((_, response) => response.writeHead(201).end(`{"sha1":"${canary}`));
    const error = await failure(client.request('POST', '/api/v1/users/bot/tokens', { body: {} }));
    expect(error).toMatchObject({ code: 'GITEA_ANSWER_UNCLEAR', details: { status: 201 } });
    expect(`${String(error)} ${String(error.cause)}`).not.toContain(canary);
  });

  it('calls Gitea unreachable when a read has no answer, or nothing could be sent', async () => {
    const { client } = await gitea((_, response) => response.destroy());
    await expect(client.request('GET', '/api/v1/user')).rejects.toMatchObject({ code: 'GITEA_UNREACHABLE' });
    const nobody = giteaClient({ url: await closedAddress(), authentication: null });
    await expect(nobody.request('POST', '/api/v1/x', { body: {} })).rejects.toMatchObject({
      code: 'GITEA_UNREACHABLE',
    });
  });

  it('gives up after its time', async () => {
    const { client } = await gitea(() => undefined, 50);
    await expect(client.request('GET', '/api/v1/user')).rejects.toMatchObject({
      code: 'GITEA_UNREACHABLE',
      details: { reason: 'TimeoutError' },
    });
    await expect(client.request('POST', '/api/v1/user')).rejects.toMatchObject({ code: 'GITEA_ANSWER_UNCLEAR' });
  });

  it('follows no redirect, so that its credential goes nowhere else', async () => {
    const { client, requests } = await gitea((_, response) => response.writeHead(302, { location: '/other' }).end());
    await expect(client.request('GET', '/api/v1/user')).rejects.toMatchObject({ code: 'GITEA_UNREACHABLE' });
    expect(requests).toHaveLength(1);
  });

  it('gives a status back that the caller understands', async () => {
    const { client } = await gitea((_, response) => json(response, 500, null));
    expect(await client.request('GET', '/api/x', { statuses: [500] })).toMatchObject({ status: 500 });
  });

  it('gives text as text', async () => {
    const { client } = await gitea((_, response) => response.end('2026-03-01T00:00:00Z line'));
    expect(await client.request('GET', '/api/v1/x', { expectText: true })).toMatchObject({
      body: '2026-03-01T00:00:00Z line',
    });
  });

  it('reads no answer beyond 64 MiB, however much a job printed', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    let sent = 0;
    const { client } = await gitea((_, response) => {
      const more = () => {
        while (!response.destroyed && sent < 200) {
          sent += 1;
          if (!response.write(piece)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    await expect(client.request('GET', '/api/v1/x', { expectText: true })).rejects.toMatchObject({
      code: 'GITEA_ANSWER_MALFORMED',
      details: { place: 'more than 64 MiB' },
    });
    expect(sent).toBeLessThan(200);
  });

  it('keeps its credential out of every error', async () => {
    const { client } = await gitea((_, response) => response.destroy());
    for (const method of ['GET', 'POST'] as const) {
      const error = await failure(client.request(method, '/api/v1/user'));
      expect(`${String(error)} ${error.stack ?? ''} ${String(error.cause)}`).not.toContain(canary);
    }
  });
});

describe('the pages of a list', () => {
  it('come to the end by X-Total-Count, however small the server makes them', async () => {
    const { client } = await paged(123, 30, (total) => ({ 'x-total-count': String(total) }));
    expect(await lengths(client)).toEqual([30, 30, 30, 30, 3]);
  });

  it('come to the end by Link', async () => {
    const { client } = await paged(120, 50, (_, last) => ({ link: last ? '</x>; rel="first"' : '</x>; rel="next"' }));
    expect(await lengths(client)).toEqual([50, 50, 20]);
  });

  it('come to the end without either', async () => {
    const { client } = await paged(100, 50, () => ({}));
    expect(await lengths(client)).toEqual([50, 50]);
  });

  it('are found under a key, and refused where there is none', async () => {
    const { client } = await gitea((_, response) => json(response, 200, { jobs: [1, 2], total_count: 2 }));
    expect(await collect(client.pages('/api/v1/jobs', 'jobs'))).toEqual([[1, 2]]);
    await expect(collect(client.pages('/api/v1/jobs', 'runs'))).rejects.toMatchObject({
      code: 'GITEA_ANSWER_MALFORMED',
      details: { place: 'runs' },
    });
  });

  it('are not mistaken for an empty list when the thing is not there', async () => {
    const { client } = await gitea((_, response) => json(response, 404, {}));
    await expect(collect(client.pages('/api/v1/repos/a/b/keys'))).rejects.toMatchObject({
      code: 'GITEA_NOT_FOUND',
    });
  });

  async function lengths(client: GiteaClient): Promise<number[]> {
    return (await collect(client.pages('/api/v1/list'))).map((page) => page.length);
  }

  async function paged(total: number, most: number, headers: (total: number, last: boolean) => Record<string, string>) {
    return await gitea((request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
      const left = Math.max(0, total - (page - 1) * most);
      json(response, 200, Array(Math.min(most, left)).fill(page), headers(total, left <= most));
    });
  }
});

async function gitea(handle: (request: IncomingMessage, response: ServerResponse) => void, timeoutMs = 5_000) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
    request.resume().on('end', () => handle(request, response));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;
  const authentication = { kind: 'token', value: new SecretValue(canary) } as const;
  return { requests, client: giteaClient({ url, authentication, timeoutMs }) };
}

function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  const outcome: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new TypeError('expected a failure');
  return outcome;
}

async function collect(pages: AsyncIterable<readonly unknown[]>): Promise<(readonly unknown[])[]> {
  const all: (readonly unknown[])[] = [];
  for await (const page of pages) all.push(page);
  return all;
}

async function closedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${String(port)}`;
}
