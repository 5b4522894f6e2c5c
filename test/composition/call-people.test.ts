import { describe, expect, it } from 'vitest';
import { createCaller } from '../../src/composition/people/call-people.ts';
import { createRotationLog } from '../../src/composition/log-rotations.ts';
import { pinoLogger } from '../../src/log/pino-logger.ts';
import { notificationOutbox } from '../../src/notify/notification-outbox.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { requestRotation } from '../../src/rotation/request-rotation.ts';
import { emptyPolicy } from '../../src/secrets/policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { channelOf, memoryNotifier } from '../notify/memory-notifier.ts';
import { personCalled } from '../provenance/people.ts';
import { bindingOf, dayMs, type RotationWorld, rotationWorld } from '../rotation/world/rotation-world.ts';

interface Entry {
  readonly level: string;
  readonly message: string;
  readonly secret?: string;
  readonly fault?: { readonly code: string };
}

/** A world whose passes are made as a host makes them: logged, and with calls for people. */
function watched(world: RotationWorld) {
  const channel = memoryNotifier();
  const entries: Entry[] = [];
  const { records } = world.tools;
  const now = () => world.tools.now();
  const write = (line: string) => void entries.push(JSON.parse(line) as Entry);
  const logger = pinoLogger({ level: 'info', format: 'json', now, write });
  const rotationLog = createRotationLog(logger);
  // Anew each time: a pass may be another instance's.
  const people = () => {
    const outbox = notificationOutbox({ records, channels: [channelOf(channel.notifier)], logger, now });
    return createCaller({ outbox, records, logger, now });
  };
  const pass = async () => {
    const result = await reconcileRotations({ ...world.tools, log: (event) => rotationLog.event(event) });
    rotationLog.failures(result.failures);
    await people().afterPass(result);
  };
  return { ...channel, entries, people, pass };
}

describe('a binding whose issuer does not exist', () => {
  it('is named once in the log, with secret and code, and told once a day, whatever the number of passes', async () => {
    const world = rotationWorld([bindingOf('app', 'no-such-issuer')]);
    const { pass, received, entries } = watched(world);
    for (let count = 0; count < 3; count += 1) {
      await pass();
      world.advance(300_000);
    }
    const lines = entries.filter(({ level }) => level === 'warn');
    expect(lines).toMatchObject([{ secret: 'kv/app', fault: { code: 'ISSUER_UNKNOWN' } }]);
    expect(received.map(({ type, text }) => [type, text])).toEqual([
      ['rotation.prevented', expect.stringContaining('kv/app: ISSUER_UNKNOWN')],
    ]);
    world.advance(dayMs);
    await pass();
    expect(received).toHaveLength(2);
    expect(entries.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });
});

describe('a rotation that waits for a second person', () => {
  it('calls one once, and once more after five days', async () => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const { pass, received } = watched(world);
    const ask = { secret: 'kv/app', reason: 'because', by: personCalled('ann'), emergency: false };
    await requestRotation(world.tools, ask);
    world.readers = { watermark: new Date('2027-01-01'), gaps: [], reads: [], running: ['team/app 1'] };
    world.advance(32 * dayMs);
    for (let count = 0; count < 3; count += 1) {
      await pass();
      world.advance(300_000);
    }
    expect(received.map(({ type, text }) => [type, text])).toEqual([
      ['rotation.awaits-approval', expect.stringContaining('kv/app waits for a second person')],
    ]);
    world.advance(5 * dayMs);
    await pass();
    await pass();
    expect(received.map(({ text }) => text.includes('waited for five days'))).toEqual([false, true]);
  });

  it('calls one before the question whether to publish lapses, and again when it has', async () => {
    const world = rotationWorld([bindingOf('app', 'mint', { approval: ['publish'] })]);
    const { pass, received } = watched(world);
    const ask = { secret: 'kv/app', reason: 'because', by: personCalled('ann'), emergency: false };
    await requestRotation(world.tools, ask);
    for (const days of [0, 5, 3]) {
      world.advance(days * dayMs);
      await pass();
      await pass();
    }
    expect(received.map(({ type, text }) => [type, text.includes('lapses')])).toEqual([
      ['rotation.awaits-approval', false],
      ['rotation.awaits-approval', true],
      ['rotation.needs-attention', false],
    ]);
  });
});

describe('a secret that needs a person while no rotation of it does', () => {
  it.each([
    ['that left the policy', true],
    ['whose dead value somebody else set', false],
  ])('%s is named in the log and told once', async (_which, leaves) => {
    const world = rotationWorld([bindingOf('app', 'mint')]);
    const { pass, received, entries } = watched(world);
    await pass();
    if (leaves) world.policy(emptyPolicy);
    world.vault.put({ name: 'app', value: new SecretValue('dead'), created: world.tools.now() });
    for (let count = 0; count < 4; count += 1) {
      world.advance(7 * 3_600_000);
      await pass();
    }
    const told = received.filter(({ type }) => type === 'value.dead');
    expect(told.map(({ text }) => text)).toEqual([
      expect.stringContaining('The value in force of kv/app does not work: '),
    ]);
    expect(entries.filter(({ level, secret }) => level === 'error' && secret === 'kv/app')).toHaveLength(1);
  });
});

describe('work that failed', () => {
  it('is told once a day by its code, and holds up nothing when nobody can be reached', async () => {
    const world = rotationWorld([]);
    const { people, received, behave, entries } = watched(world);
    const failure = new ServiceError('GITEA_UNREACHABLE', {
      gitea: 'https://gitea.example.org',
      reason: 'ECONNREFUSED',
    });
    await people().afterFailure('collect jobs', failure);
    await people().afterFailure('collect jobs', failure);
    expect(received.map(({ text }) => text)).toEqual([
      expect.stringMatching(/collect jobs, because Gitea .*: GITEA_UNREACHABLE/),
    ]);
    await behave('is away');
    await people().afterFailure('produce reports', new TypeError('text from outside'));
    expect(entries.at(-1)?.message).toContain('could not be delivered');
    expect(JSON.stringify(entries)).not.toContain('text from outside');
  });
});
