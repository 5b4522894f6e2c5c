import { describe, expect, it } from 'vitest';
import { createCaller } from '../../src/composition/people/call-people.ts';
import { endsAfterPass } from '../../src/composition/people/remind-people.ts';
import { silentLogger } from '../../src/log/logger.ts';
import { describeNotification } from '../../src/notify/describe-notification.ts';
import { notificationOutbox } from '../../src/notify/notification-outbox.ts';
import type { Notification } from '../../src/notify/notifier.ts';
import { atOnce } from '../../src/notify/timing.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { reconcileRotations } from '../../src/rotation/reconcile-rotations.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { bindingOf, dayMs, hourMs, type RotationWorld, rotationWorld } from '../rotation/world/rotation-world.ts';

/** A world whose passes tell a channel that wants to know what is over. */
function told(world: RotationWorld) {
  const sent: Notification[] = [];
  const now = () => world.tools.now();
  const notifier = {
    name: 'memory',
    check: () => Promise.resolve(),
    send: (one: Notification) => Promise.resolve(void sent.push(one)),
  };
  const people = (records: RecordStore = world.tools.records) => {
    const channels = [{ name: 'memory', notifier, takes: () => true, timing: atOnce }];
    const outbox = notificationOutbox({ records, channels, logger: silentLogger, now });
    return createCaller({ outbox, records, logger: silentLogger, now });
  };
  const pass = async (records?: RecordStore) => {
    const result = await reconcileRotations(world.tools);
    await people(records).afterPass(result, await endsAfterPass(world.tools));
  };
  const says = () =>
    sent.map(({ event }) => `${event.type}: ${describeNotification(event).split(/[.:](?: |$)/)[0] ?? ''}`);
  return { people, pass, says, sent };
}

describe('what a person was told of', () => {
  it('is told to be over once, when the binding that was prevented has an issuer again', async () => {
    const world = rotationWorld([bindingOf('app', 'no-such-issuer')]);
    const { pass, says } = told(world);
    await pass();
    await pass();
    world.policy(rotationWorld([bindingOf('app', 'mint')]).tools.policy);
    world.advance(dayMs + hourMs);
    await pass();
    await pass();
    expect(says()).toEqual([
      'rotation.prevented: Something prevents the rotation of kv/app',
      'matter.over: kv/app needs nobody any more',
    ]);
  });

  it('is over for a tracked secret when a person has set a new version, and not while its vault is away', async () => {
    const world = rotationWorld([]);
    const row = 'format: 1\nsecrets:\n  licence: { owner: shop team, validity: 90d }\n';
    world.policy(parsePolicy(row, 'keyturn.policy.yml', world.tools.vaults));
    const set = (value: string, days: number) =>
      world.vault.put({
        name: 'licence',
        value: new SecretValue(value),
        created: new Date(+world.tools.now() - days * dayMs),
      });
    set('old', 85);
    const { pass, people, says } = told(world);
    await pass();
    const away = { counts: {}, failures: [], calls: [], settled: [] } as unknown as Parameters<
      ReturnType<typeof people>['afterPass']
    >[0];
    await people().afterPass(away, { reminders: [], newest: new Map() });
    expect(says()).toHaveLength(1);
    set('new', 0);
    await pass();
    expect(says().at(-1)).toBe('matter.over: kv/licence needs nobody any more');
  });

  it('is over for scheduled work that succeeds again, and for no other work', async () => {
    const { people, says } = told(rotationWorld([]));
    const failure = new ServiceError('GITEA_UNREACHABLE', {
      gitea: 'https://gitea.example.org',
      reason: 'ECONNREFUSED',
    });
    await people().afterFailure('collect jobs', failure);
    await people().afterSuccess('produce reports');
    expect(says()).toHaveLength(1);
    await people().afterSuccess('collect jobs');
    await people().afterSuccess('collect jobs');
    expect(says().slice(1)).toEqual(['matter.over: collect jobs needs nobody any more']);
  });

  it('is told to be over under one id, by whatever process, wherever another one died', async () => {
    for (let dies = 1; dies < 20; dies += 1) {
      const world = rotationWorld([]);
      const { people, sent } = told(world);
      await people().afterFailure('collect jobs', new Error('x'));
      await people(dying(world.tools.records, dies)).afterSuccess('collect jobs');
      await people().afterSuccess('collect jobs');
      await people().afterSuccess('collect jobs');
      const over = sent.filter(({ event }) => event.type === 'matter.over');
      expect([dies, new Set(over.map(({ id }) => id)).size, over.length >= 1]).toEqual([dies, 1, true]);
    }
  });
});

function dying(store: RecordStore, at: number): RecordStore {
  let calls = 0;
  const count = <Value>(act: () => Promise<Value>): Promise<Value> => {
    calls += 1;
    return calls >= at ? Promise.reject(new Error('the process died')) : act();
  };
  return {
    create: (path, bytes) => count(async () => await store.create(path, bytes)),
    replace: (path, bytes, revision) => count(async () => await store.replace(path, bytes, revision)),
    read: (path) => count(async () => await store.read(path)),
    remove: (path, revision) => count(async () => await store.remove(path, revision)),
    list: (prefix) => store.list(prefix),
  };
}
