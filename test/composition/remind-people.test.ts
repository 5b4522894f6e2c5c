import { describe, expect, it } from 'vitest';
import { createCaller } from '../../src/composition/people/call-people.ts';
import { createRotationLog } from '../../src/composition/log-rotations.ts';
import { matterBook } from '../../src/composition/people/matter-book.ts';
import { withOwnSecrets } from '../../src/composition/policy/own-secrets.ts';
import { endsAfterPass } from '../../src/composition/people/remind-people.ts';
import { pinoLogger } from '../../src/log/pino-logger.ts';
import { notificationOutbox } from '../../src/notify/notification-outbox.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { emptyPolicy } from '../../src/secrets/policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import { channelOf, memoryNotifier } from '../notify/memory-notifier.ts';
import { personCalled } from '../provenance/people.ts';
import { dayMs, rotationWorld } from '../rotation/world/rotation-world.ts';

/** A secret, tracked if its row does not say otherwise, whose version is as many days old, and passes as a host makes them. */
function trackedWorld(ageDays: number, row = '{ owner: shop team, validity: 90d }') {
  const world = rotationWorld([]);
  const now = () => world.tools.now();
  const { vaults } = world.tools;
  world.policy(parsePolicy(`format: 1\nsecrets:\n  licence: ${row}\n`, 'keyturn.policy.yml', vaults));
  const set = (value: string, days = 0) =>
    world.vault.put({ name: 'licence', value: new SecretValue(value), created: new Date(+now() - days * dayMs) });
  set('old', ageDays);
  const channel = memoryNotifier();
  const lines: string[] = [];
  const logger = pinoLogger({ level: 'warn', format: 'json', now, write: (line) => void lines.push(line) });
  const rotationLog = createRotationLog(logger);
  const pass = async () => {
    const result = await reconcileRotations(world.tools);
    const { records } = world.tools;
    const ends = await endsAfterPass(world.tools);
    rotationLog.reminders(ends.reminders);
    // Anew each time: a pass may be another instance's.
    const outbox = notificationOutbox({ records, channels: [channelOf(channel.notifier)], logger, now });
    await createCaller({ outbox, records, logger, now }).afterPass(result, ends);
    return result;
  };
  return { world, set, pass, lines, received: channel.received };
}

describe('a secret that no issuer replaces', () => {
  it('is told of 30, 14, 7 and 1 days before its end, and once when it has ended, never twice', async () => {
    const { world, pass, received, lines } = trackedWorld(50);
    const toldOn: number[] = [];
    for (let day = 50; day < 100; day += 1) {
      const before = received.length;
      for (let count = 0; count < 3; count += 1) await pass();
      if (received.length > before) toldOn.push(90 - day, received.length - before);
      world.advance(dayMs);
    }
    expect(toldOn).toEqual([30, 1, 14, 1, 7, 1, 1, 1, 0, 1]);
    expect(received[0]?.text).toContain('kv/licence (shop team) ends on ');
    expect(received.at(-1)?.text).toContain('kv/licence (shop team) ended on ');
    expect(lines).toHaveLength(5);
    expect(world.vault.held('licence')).toHaveLength(1);
  });

  it('is told of once where it is near its end when Keyturn first sees it, and again for its next version', async () => {
    const { world, pass, set, received } = trackedWorld(85);
    await pass();
    expect(received).toHaveLength(1);
    set('new');
    await pass();
    expect(received).toHaveLength(1);
    world.advance(61 * dayMs);
    await pass();
    expect(received).toHaveLength(2);
  });

  it('stands in the counts and in the plan, and is not rotated for anybody', async () => {
    const { world, pass } = trackedWorld(85);
    expect((await pass()).counts).toMatchObject({ tracked: 1, unbound: 0, bound: 0 });
    const { plan } = await reconcileRotations(world.tools, { plan: true });
    expect(plan).toEqual([
      expect.stringMatching(/^kv\/licence: ends 2026-\S+, and a person must replace it \(shop team\)\.$/),
    ]);
    const asked = { secret: 'licence', reason: 'a test', by: personCalled('ann'), emergency: true };
    await expect(requestRotation(world.tools, asked)).rejects.toMatchObject({ code: 'ROTATION_REQUEST_REFUSED' });
  });

  it('is left alone while its newest version is disabled', async () => {
    const { world, pass, received } = trackedWorld(85);
    world.vault.disable('licence', world.vault.held('licence')[0]?.version ?? '');
    await pass();
    expect(received).toEqual([]);
  });
});

describe('a secret that an issuer replaces', () => {
  const row = (more: string) => `{ issuer: random, target: {}, validity: 90d, ${more} }`;

  it('is told of while it is overdue, 15, 7.5 and 1 days before its end and once it has ended, whatever holds it', async () => {
    const { world, pass, received } = trackedWorld(55, row('first: automatic, mode: by-hand'));
    const told: string[] = [];
    for (let hours = 55 * 24; hours < 95 * 24; hours += 12) {
      const before = received.length;
      for (const _ of [1, 2]) await pass();
      for (const { text } of received.slice(before)) told.push(`${String(90 - hours / 24)}: ${text}`);
      world.advance(dayMs / 2);
    }
    expect(told.map((line) => line.slice(0, line.indexOf(' version')))).toEqual([
      '15: kv/licence is overdue: its',
      '7.5: kv/licence is overdue: its',
      '1: kv/licence is overdue: its',
      '0: kv/licence is overdue: its',
    ]);
    expect(told.at(-1)).toContain('its version ended 2026-');
  });

  it('is told of no more when it was replaced: the matter is over', async () => {
    const { world, set, pass, received } = trackedWorld(80, row('first: automatic, mode: by-hand'));
    const open = async () => (await matterBook(world.records, () => world.tools.now()).open()).map(({ type }) => type);
    await pass();
    expect(await open()).toEqual(['secret.overdue']);
    set('new');
    for (const _ of [1, 2]) await pass();
    expect(await open()).toEqual([]);
    expect(received.map(({ text }) => text)).toEqual([expect.stringContaining('is overdue')]);
  });

  it('is not told of when the pass that finds it late replaces it', async () => {
    const { world, pass, received } = trackedWorld(85, row('first: automatic'));
    for (const _ of [1, 2, 3]) await pass();
    expect(world.vault.held('licence').length).toBeGreaterThan(1);
    expect(received).toEqual([]);
  });

  it('is not told of twice while it waits for a go', async () => {
    const { pass, received } = trackedWorld(85, row('first: go'));
    for (const _ of [1, 2]) await pass();
    expect(received.map(({ text }) => text)).toEqual([expect.stringContaining('waits for a go')]);
  });
});

describe("Keyturn's own credentials", () => {
  const settings = readSettings({
    KEYTURN_VAULTS: 'https://kv.vault.azure.net',
    KEYTURN_IDENTITY_KIND: 'managed-identity',
    KEYTURN_DATA: '/nowhere',
    KEYTURN_GITEA_URL: 'https://gitea.example.org',
    KEYTURN_GITEA_TOKEN: '@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/Keyturn-Gitea-Token)',
  });

  it('are rows like others, those of the policy as it says', () => {
    const own = withOwnSecrets(emptyPolicy, settings).tracked;
    expect([...own].map(([key, { owner }]) => [key, owner])).toEqual([
      ['kv/keyturn-gitea-token', 'Keyturn: the token for Gitea'],
      ['kv/keyturn-staging-key', 'Keyturn: the key of staged values'],
    ]);
    const text = `format: 1
secrets:
  keyturn-gitea-token: { issuer: gitea-token, validity: 60d }
  keyturn-staging-key: { owner: ann, validity: 365d }
`;
    const { secrets, tracked } = withOwnSecrets(parsePolicy(text, 'keyturn.policy.yml', settings.vaults), settings);
    expect([...secrets.keys(), ...tracked.keys()]).toEqual(['kv/keyturn-gitea-token', 'kv/keyturn-staging-key']);
    expect(tracked.get('kv/keyturn-staging-key')?.owner).toBe('ann');
  });
});
