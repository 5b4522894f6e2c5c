import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { notificationEvent } from '../../src/notify/notification-event.ts';
import { signingKey, webhookNotifier } from '../../src/notify/webhook-notifier.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { notifierContract, type NotifierUnderTest } from '../contracts/notifier.contract.ts';
import { memoryNotifier } from './memory-notifier.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

interface Received {
  readonly id: string;
  readonly type: string;
  readonly text: string;
}

/** A receiver of webhooks that checks each signature with the package of those who wrote the specification. */
async function receiver(answer: { status: number; headers?: Record<string, string> } = { status: 204 }) {
  const received: Received[] = [];
  const seen: string[] = [];
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      seen.push(request.url ?? '');
      const text = Buffer.concat(pieces).toString('utf8');
      bodies.push(text);
      const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
      if (answer.status >= 200 && answer.status < 300) {
        const { type, data } = new Webhook(secret).verify(text, headers) as { type: string; data: { says: string } };
        received.push({ id: headers['webhook-id'] ?? '', type, text: data.says });
      }
      response.writeHead(answer.status, answer.headers).end('a body that nobody reads');
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { received, seen, bodies, answer, server, url: `http://127.0.0.1:${String(port)}/hook` };
}

async function webhookUnderTest(): Promise<NotifierUnderTest> {
  const to = await receiver();
  let away = false;
  const here = webhookNotifier({ ...options, url: to.url });
  const nowhere = webhookNotifier({ ...options, url: 'http://127.0.0.1:9/hook' });
  return {
    notifier: { name: here.name, check: here.check, send: async (one) => await (away ? nowhere : here).send(one) },
    received: to.received,
    behave: (how) => {
      away = how === 'is away';
      to.answer.status = how === 'refuses' ? 400 : 204;
      return Promise.resolve();
    },
  };
}

const options = {
  secret: () => Promise.resolve(new SecretValue(secret)),
  portal: 'https://keyturn.example.org',
  // The receiver's package reads the machine's clock.
  now: () => new Date(),
};
const notification = {
  id: 'msg_1',
  at: new Date('2026-03-01T00:00:00Z'),
  event: { type: 'work.failed', work: 'collect jobs', code: 'GITEA_UNREACHABLE', day: '2026-03-01' },
} as const;

notifierContract('in memory', () => Promise.resolve(memoryNotifier()));
notifierContract('by webhook', webhookUnderTest);

describe('the webhook', () => {
  it('sends what docs/self-hosting.md shows', async () => {
    const [, json = ''] = /```json\n([^`]+)```/.exec(readFileSync('docs/self-hosting.md', 'utf8')) ?? [];
    const { timestamp, data } = JSON.parse(json) as { timestamp: string; data: Record<string, unknown> };
    const event = notificationEvent.parse(data);
    const to = await receiver();
    await webhookNotifier({ ...options, url: to.url }).send({ id: 'msg_1', at: new Date(timestamp), event });
    expect(to.bodies.map((body) => JSON.parse(body) as unknown)).toEqual([JSON.parse(json)]);
  });

  it('follows no redirect: where messages go is the settings to say', async () => {
    const trap = await receiver();
    const to = await receiver({ status: 307, headers: { location: trap.url } });
    const notifier = webhookNotifier({ ...options, url: to.url });
    await expect(notifier.send(notification)).rejects.toMatchObject({
      code: 'NOTIFICATION_REFUSED',
      details: { status: 307 },
    });
    expect([to.seen, trap.seen]).toEqual([['/hook'], []]);
  });

  it('gives up on a receiver that does not answer in time', async () => {
    const server = createServer(() => undefined);
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    await expect(webhookNotifier({ ...options, url, timeoutMs: 50 }).send(notification)).rejects.toMatchObject({
      code: 'NOTIFICATION_UNREACHABLE',
      details: { reason: 'no answer in time' },
    });
  });

  it('sends nothing unsigned, and shows nothing of a secret that is unusable', async () => {
    const to = await receiver();
    for (const wrong of ['swordfish', 'whsec_', 'whsec_c2hvcnQ=', `whsec_${'!'.repeat(40)}`]) {
      expect(signingKey(wrong)).toBeNull();
      const notifier = webhookNotifier({
        ...options,
        url: to.url,
        secret: () => Promise.resolve(new SecretValue(wrong)),
      });
      const failed = await notifier.send(notification).catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: 'NOTIFICATION_SECRET_UNUSABLE' });
      await expect(notifier.check()).rejects.toMatchObject({ code: 'NOTIFICATION_SECRET_UNUSABLE' });
      expect(String(failed)).not.toContain('swordfish');
    }
    expect(to.seen).toEqual([]);
  });
});
