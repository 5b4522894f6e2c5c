import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { giteaUnderTest } from './gitea-under-test.ts';
import { unlessContractsAreAbsent } from '../../published-contracts.ts';
import { readContract } from './published-contract.ts';

interface Delivery {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe('webhooks', () => {
  let at: Awaited<ReturnType<typeof giteaUnderTest>>;
  let receiver: Server;
  let url: string;
  let status = 200;
  const deliveries: Delivery[] = [];

  beforeEach(async () => {
    deliveries.length = 0;
    status = 200;
    receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        deliveries.push({ headers: request.headers, body: Buffer.concat(chunks) });
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${String((receiver.address() as AddressInfo).port)}/events/gitea`;
    at = await giteaUnderTest();
  });
  afterEach(async () => {
    await at.gitea.stop();
    await new Promise<unknown>((resolve) => receiver.close(resolve));
  });

  const start = () => at.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'r1' });
  const hooks = '/repos/acme/shop/hooks';
  const addHook = (body: object = {}) =>
    at.ask(at.root, 'POST', hooks, {
      type: 'gitea',
      active: true,
      events: ['workflow_job'],
      config: { url, content_type: 'json', secret: 'first' },
      ...body,
    });
  const signed = ({ body }: Delivery, secret: string) => createHmac('sha256', secret).update(body).digest('hex');
  const payloadOf = ({ body }: Delivery) =>
    JSON.parse(body.toString()) as Record<string, Record<string, unknown> | string>;

  it('tell of a job as it is queued, starts and ends, signed over the raw bytes', async () => {
    at.gitea.addWebhook(url, 'the-secret');
    start().finish('failure');
    await at.gitea.settled();
    expect(deliveries.map((delivery) => payloadOf(delivery)['action'])).toEqual(['queued', 'in_progress', 'completed']);
    for (const delivery of deliveries) {
      expect(delivery.headers).toMatchObject({
        'x-gitea-event': 'workflow_job',
        'x-gitea-event-type': 'workflow_job',
        'x-gitea-signature': signed(delivery, 'the-secret'),
      });
      expect(delivery.headers['x-hub-signature-256']).toBe(`sha256=${signed(delivery, 'the-secret')}`);
      expect(delivery.headers['x-gitea-delivery']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
      expect(payloadOf(delivery)['repository']).toMatchObject({ id: at.repository.id, full_name: 'acme/shop' });
    }
    expect(new Set(deliveries.map((delivery) => delivery.headers['x-gitea-delivery'])).size).toBe(3);
  });

  it('carry a job in the shape of the API', unlessContractsAreAbsent, async () => {
    at.gitea.addWebhook(url, 'the-secret');
    start();
    await at.gitea.settled();
    const { workflow_job, repository } = payloadOf(deliveries[1] as Delivery);
    const contract = readContract();
    expect(contract.faults('GET', '/repos/acme/shop/actions/jobs/1', 200, workflow_job)).toEqual([]);
    expect(contract.faults('GET', '/repos/acme/shop', 200, repository)).toEqual([]);
  });

  it('are sent once, whatever the receiver answers', async () => {
    at.gitea.addWebhook(url, 'the-secret');
    status = 500;
    start();
    await at.gitea.settled();
    expect(deliveries).toHaveLength(2);
    receiver.closeAllConnections();
  });

  it('without a secret carry an empty signature', async () => {
    await addHook({ config: { url, content_type: 'json' } });
    start();
    await at.gitea.settled();
    expect(deliveries[0]?.headers['x-gitea-signature']).toBe('');
  });

  it('never tell their secret, and an edit cannot change it', async () => {
    const made = await addHook();
    const { id } = made.json as { id: number };
    const edited = await at.ask(at.root, 'PATCH', `${hooks}/${String(id)}`, {
      events: ['workflow_job'],
      config: { secret: 'second' },
    });
    const listed = await at.ask(at.root, 'GET', hooks);
    for (const answer of [made, edited, listed]) expect(answer.text).not.toMatch(/first|second|secret/);
    start();
    await at.gitea.settled();
    expect(deliveries[0]?.headers['x-gitea-signature']).toBe(signed(deliveries[0] as Delivery, 'first'));
  });

  it('deliver a test only to a hook that listens to pushes, as Gitea checks the event first', async () => {
    await addHook();
    expect((await at.ask(at.root, 'POST', `${hooks}/1/tests`)).status).toBe(204);
    await addHook({ events: ['push'] });
    expect((await at.ask(at.root, 'POST', `${hooks}/2/tests`)).status).toBe(204);
    await at.gitea.settled();
    expect(deliveries.map(({ headers }) => headers['x-gitea-event'])).toEqual(['push']);
  });

  it('deliver a test whatever a hook listens to from 1.28 on', async () => {
    const newer = await giteaUnderTest({ version: '1.28.0' });
    const config = { url, content_type: 'json', secret: 'first' };
    await newer.ask(newer.root, 'POST', hooks, { type: 'gitea', active: true, events: ['workflow_job'], config });
    await newer.ask(newer.root, 'POST', `${hooks}/1/tests`);
    await newer.gitea.settled();
    expect(deliveries.map(({ headers }) => headers['x-gitea-event'])).toEqual(['push']);
    await newer.gitea.stop();
  });

  it('stay silent when they are not active, are of another repository, or were deleted', async () => {
    await addHook({ active: false });
    await addHook();
    await at.ask(at.root, 'DELETE', `${hooks}/2`);
    at.gitea.addRepository('acme/blog');
    await at.ask(at.root, 'POST', '/repos/acme/blog/hooks', {
      type: 'gitea',
      active: true,
      events: ['workflow_job'],
      config: { url, content_type: 'json' },
    });
    start();
    await at.gitea.settled();
    expect(deliveries).toEqual([]);
  });

  it('refuse an address that is none and a content type that Gitea does not send', async () => {
    expect((await addHook({ config: { url: 'ftp://x', content_type: 'json' } })).status).toBe(422);
    expect((await addHook({ config: { url, content_type: 'yaml' } })).status).toBe(422);
    expect((await addHook({ config: { url } })).status).toBe(422);
  });
});

describe('deploy keys', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBmQ5SVQGmMfCsBZM6bhbm6hKvT8jV5ZL1h1m5LkT3bB';

  it('are refused twice by content and by title, and when they are none', async () => {
    const { gitea, ask, root } = await giteaUnderTest();
    const add = async (title: string, line: string) =>
      (await ask(root, 'POST', '/repos/acme/shop/keys', { title, key: line })).status;
    expect(await add('first', `${key} comment`)).toBe(201);
    expect(await add('second', key)).toBe(422);
    expect(await add('first', key.replace('IBmQ', 'IBmR'))).toBe(422);
    expect(await add('third', 'ssh-ed25519 AAAA')).toBe(422);
    expect(await add('third', 'no key')).toBe(422);
    expect((await ask(root, 'DELETE', '/repos/acme/shop/keys/1')).status).toBe(204);
    expect(await add('second', key)).toBe(201);
    await gitea.stop();
  });
});

describe('Actions secrets', () => {
  it('are created with 201, updated with 204, listed by name alone, and refused under a reserved name', async () => {
    const { gitea, ask, root } = await giteaUnderTest();
    const put = async (name: string, data: string) =>
      (await ask(root, 'PUT', `/repos/acme/shop/actions/secrets/${name}`, { data })).status;
    expect([await put('api_key', 'value-one'), await put('API_KEY', 'value-two')]).toEqual([201, 204]);
    const listed = await ask(root, 'GET', '/repos/acme/shop/actions/secrets');
    expect(listed.json).toEqual([expect.objectContaining({ name: 'API_KEY' })]);
    expect(listed.text).not.toContain('value-');
    expect([await put('GITHUB_TOKEN', 'x'), await put('1A', 'x'), await put('BIG', 'x'.repeat(65_537))]).toEqual([
      400, 400, 400,
    ]);
    expect(await put('BIG', 'x'.repeat(65_536))).toBe(201);
    await gitea.stop();
  });
});
