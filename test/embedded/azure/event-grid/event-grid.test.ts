import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../../../embedded/embedded-cloud.ts';
import { startEmbeddedCloud } from '../../../../embedded/start-embedded-cloud.ts';

let cloud: EmbeddedCloud;
let expires: Date;

beforeEach(async () => {
  cloud = await startEmbeddedCloud({ clock: createClock(new Date('2026-03-01T00:00:00Z')) });
  cloud.clock.stand();
  expires = new Date('2026-05-01T00:00:00Z');
  cloud.vault.seed({ name: 'prod-key', value: 'v', expires });
});

afterEach(() => cloud.stop());

async function collect(options?: Parameters<EmbeddedCloud['eventGrid']['subscribe']>[1]): Promise<unknown[]> {
  const events: unknown[] = [];
  await cloud.eventGrid.subscribe(
    {
      handler: (event) => {
        events.push(event);
        return Promise.resolve();
      },
    },
    options,
  );
  return events;
}

describe('when a version becomes due', () => {
  it('fires near expiry once, thirty days before, and expired once', async () => {
    const events = await collect();
    expect(await cloud.eventGrid.sweep()).toBe(0);
    cloud.clock.set(new Date('2026-04-01T00:00:00Z'));
    expect(await cloud.eventGrid.sweep()).toBe(1);
    expect(await cloud.eventGrid.sweep()).toBe(0);
    cloud.clock.set(expires);
    expect(await cloud.eventGrid.sweep()).toBe(1);
    await cloud.eventGrid.settled();
    expect(events).toMatchObject([
      { eventType: 'Microsoft.KeyVault.SecretNearExpiry', eventTime: '2026-04-01T00:00:00.000Z', subject: 'prod-key' },
      { eventType: 'Microsoft.KeyVault.SecretExpired' },
    ]);
    cloud.clock.advance(600_000);
    expect(cloud.auditLog.rows().map((row) => row['OperationName'])).toEqual([
      'SecretNearExpiryEventGridNotification',
      'SecretExpiredEventGridNotification',
    ]);
  });

  it('supports both schemas, and duplicates if asked', async () => {
    const [own, cloudEvents] = [await collect(), await collect({ schema: 'cloud-events', copies: 2 })];
    await cloud.eventGrid.fire('SecretNearExpiry', 'prod-key');
    await cloud.eventGrid.settled();
    const [version] = cloud.vault.versions('prod-key');
    const data = {
      Id: `${cloud.vault.url}/secrets/prod-key/${version?.version}`,
      VaultName: cloud.vault.name,
      ObjectType: 'Secret',
      ObjectName: 'prod-key',
      Version: version?.version,
      NBF: null,
      EXP: expires.getTime() / 1000,
    };
    expect(own).toMatchObject([{ topic: cloud.vault.resourceId, data, dataVersion: '1', metadataVersion: '1' }]);
    expect(cloudEvents).toMatchObject([
      { source: cloud.vault.resourceId, type: 'Microsoft.KeyVault.SecretNearExpiry', specversion: '1.0', data },
      { data },
    ]);
    expect((cloudEvents[0] as { id: string }).id).toBe((cloudEvents[1] as { id: string }).id);
  });

  it('fires a new-version event if a request adds one', async () => {
    const events = await collect();
    const writer = cloud.identity.define({ name: 'writer', kind: 'managed-identity', address: '203.0.113.1' });
    cloud.vault.grant(writer, ['set']);
    const answer = await fetch(`${cloud.vault.url}/secrets/dev-key?api-version=7.5`, {
      method: 'PUT',
      headers: { Authorization: `Bearer ${cloud.identity.tokenFor(writer, 'https://vault.azure.net')}` },
      body: JSON.stringify({ value: 'x' }),
    });
    expect(answer.status).toBe(200);
    await cloud.eventGrid.settled();
    expect(events).toMatchObject([{ eventType: 'Microsoft.KeyVault.SecretNewVersionCreated', subject: 'dev-key' }]);
  });

  it('retries an event whose handler threw', async () => {
    let calls = 0;
    await cloud.eventGrid.subscribe({
      handler: () => {
        calls += 1;
        return calls < 3 ? Promise.reject(new Error('the journal is away')) : Promise.resolve();
      },
    });
    await cloud.eventGrid.fire('SecretNearExpiry', 'prod-key');
    for (let sweeps = 0; sweeps < 4; sweeps += 1) {
      await cloud.eventGrid.settled();
      await cloud.eventGrid.sweep();
    }
    expect(calls).toBe(3);
  });
});

describe('a webhook', () => {
  const heard: { method: string; headers: Record<string, unknown>; body: unknown }[] = [];
  let echo = true;
  let server: Server;

  beforeEach(async () => {
    heard.length = 0;
    echo = true;
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const body: unknown = text === '' ? null : JSON.parse(text);
        heard.push({ method: request.method ?? '', headers: request.headers, body });
        if (request.method === 'OPTIONS' && echo) response.setHeader('WebHook-Allowed-Origin', 'eventgrid.azure.net');
        const [first] = Array.isArray(body) ? (body as { data: { validationCode?: string } }[]) : [];
        response.end(
          echo && first?.data.validationCode ? JSON.stringify({ validationResponse: first.data.validationCode }) : '',
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;

  it("is validated first, and then receives arrays of one event with Event Grid's headers", async () => {
    await cloud.eventGrid.subscribe({ webhook: address(), headers: { Authorization: 'Bearer x' } });
    await cloud.eventGrid.fire('SecretExpired', 'prod-key');
    await cloud.eventGrid.settled();
    expect(heard.map(({ headers }) => headers['aeg-event-type'])).toEqual(['SubscriptionValidation', 'Notification']);
    expect(heard[1]).toMatchObject({
      headers: { authorization: 'Bearer x', 'aeg-delivery-count': '0' },
      body: [{ eventType: 'Microsoft.KeyVault.SecretExpired' }],
    });
  });

  it('receives single events in the CloudEvents schema after naming the origin', async () => {
    await cloud.eventGrid.subscribe({ webhook: address() }, { schema: 'cloud-events' });
    await cloud.eventGrid.fire('SecretExpired', 'prod-key');
    await cloud.eventGrid.settled();
    expect(heard.map(({ method }) => method)).toEqual(['OPTIONS', 'POST']);
    expect(heard[1]?.headers['content-type']).toContain('application/cloudevents+json');
    expect(heard[1]?.body).toMatchObject({ type: 'Microsoft.KeyVault.SecretExpired' });
  });

  it('is not subscribed without validation', async () => {
    echo = false;
    await expect(cloud.eventGrid.subscribe({ webhook: address() })).rejects.toThrow('validation code');
    await expect(cloud.eventGrid.subscribe({ webhook: address() }, { schema: 'cloud-events' })).rejects.toThrow(
      'eventgrid.azure.net',
    );
  });
});
