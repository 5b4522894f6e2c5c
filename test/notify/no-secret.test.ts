import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pinoLogger } from '../../src/log/pino-logger.ts';
import type { Channel } from '../../src/notify/channel.ts';
import { describeNotification } from '../../src/notify/describe-notification.ts';
import { matterOf } from '../../src/notify/matter-of.ts';
import { messageOf } from '../../src/notify/message-of.ts';
import { notificationOutbox } from '../../src/notify/notification-outbox.ts';
import { slackNotifier } from '../../src/notify/slack-notifier.ts';
import { teamsNotifier } from '../../src/notify/teams-notifier.ts';
import { atOnce } from '../../src/notify/timing.ts';
import { webhookNotifier } from '../../src/notify/webhook-notifier.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { anyEvent } from './any-event.ts';

const canary = 'swordfishcanary';
const seen: string[] = [];
const answer = { status: 200 };
const server = createServer((request, response) => {
  request.on('data', (piece: Buffer) => seen.push(piece.toString('utf8')));
  request.on('end', () => response.writeHead(answer.status).end(canary));
});

beforeAll(async () => await new Promise<void>((done) => server.listen(0, '127.0.0.1', done)));
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

function channels(): readonly Channel[] {
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const key = `whsec_${Buffer.from(canary.repeat(3)).toString('base64')}`;
  const address = () => Promise.resolve(new SecretValue(`${url}/${canary}?sig=${canary}`));
  const portal = 'https://keyturn.example.org';
  const now = () => new Date('2026-03-01T00:00:00Z');
  const secret = () => Promise.resolve(new SecretValue(key));
  const notifiers = [
    webhookNotifier({ url, secret, portal, now }),
    slackNotifier({ address, portal }),
    teamsNotifier({ address, portal }),
  ];
  return notifiers.map((notifier, at) => ({ name: `c${String(at)}`, notifier, takes: () => true, timing: atOnce }));
}

describe('whatever event is told', () => {
  it('no channel, record or line of the log shows a secret of a channel, taken or refused', async () => {
    await fc.assert(
      fc.asyncProperty(anyEvent(), fc.constantFrom(200, 500), async (event, status) => {
        answer.status = status;
        const records = memoryRecordStore();
        const lines: string[] = [];
        const now = () => new Date('2026-03-01T00:00:00Z');
        const logger = pinoLogger({ level: 'debug', format: 'json', now, write: (line) => void lines.push(line) });
        const outbox = notificationOutbox({ records, channels: channels(), logger, now });
        await outbox.announce(event);
        expect(await outbox.deliver()).toBe(status === 200 ? 3 : 0);
        const kept: string[] = [];
        for await (const path of records.list('notifications/')) {
          kept.push(Buffer.from((await records.read(path))?.bytes ?? []).toString('utf8'));
        }
        expect([...seen.splice(0), ...lines, ...kept].join('\n')).not.toContain(canary);
      }),
      { numRuns: 60 },
    );
  });

  it('has a sentence, a title of one line and a link within the portal', () => {
    fc.assert(
      fc.property(anyEvent(fc.stringMatching(/^[a-z0-9/-]{1,60}$/)), (event) => {
        const { title, says, link } = messageOf({ event }, 'https://keyturn.example.org');
        expect(says).toBe(describeNotification(event));
        expect(says).toMatch(/^\S.*[.]$/s);
        expect(says).not.toMatch(/undefined|null|\[object/);
        expect(title).toMatch(/^Keyturn: [^\n]{3,}$/);
        expect(link).toMatch(/^https:\/\/keyturn\.example\.org\//);
        expect(matterOf(event)).not.toBe('');
      }),
    );
  });
});
