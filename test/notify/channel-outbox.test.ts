import { describe, expect, it } from 'vitest';
import type { Logger } from '../../src/log/logger.ts';
import { channelOutbox } from '../../src/notify/channel-outbox.ts';
import type { NotificationEvent } from '../../src/notify/notification-event.ts';
import type { Notifier } from '../../src/notify/notifier.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { channelOf, memoryNotifier } from './memory-notifier.ts';

const event: NotificationEvent = {
  type: 'rotation.awaits-approval',
  secret: 'kv/app',
  rotation: 'abc.1',
  since: '2026-03-01T00:00:00.000Z',
  step: 'revoke',
  reminder: false,
};

function world(records: RecordStore = memoryRecordStore()) {
  const channel = memoryNotifier();
  const lines: string[] = [];
  const line = (says: string) => void lines.push(says);
  const logger: Logger = { debug: line, info: line, warn: line, error: line };
  let time = Date.parse('2026-03-01T00:00:00Z');
  const make = (notifier: Notifier = channel.notifier) =>
    channelOutbox({ records, channel: channelOf(notifier), logger, now: () => new Date(time) });
  return { ...channel, records, lines, make, pass: (minutes: number) => void (time += minutes * 60_000) };
}

describe('a call for a person', () => {
  it('is delivered once, however often it is announced, and after a restart', async () => {
    const { make, received } = world();
    for (let pass = 0; pass < 3; pass += 1) {
      const outbox = make();
      await outbox.announce(event);
      await outbox.deliver();
    }
    expect(received).toHaveLength(1);
  });

  it('is lost by no receiver that is away, and is logged once', async () => {
    const { make, behave, received, lines, pass, tries } = world();
    await behave('is away');
    const outbox = make();
    await outbox.announce(event);
    for (let minute = 0; minute < 24 * 60; minute += 5) {
      await outbox.deliver();
      pass(5);
    }
    expect(tries()).toBeLessThan(10);
    expect(lines).toEqual(['A notification could not be delivered and is tried again.']);
    await behave('accepts');
    pass(24 * 60);
    await make().deliver();
    expect(received).toHaveLength(1);
  });

  it('is given up after three days, which the log says, and then costs no try more', async () => {
    const { make, behave, lines, pass, tries } = world();
    await behave('refuses');
    const outbox = make();
    await outbox.announce(event);
    for (let hour = 0; hour < 24 * 6; hour += 1) {
      await outbox.deliver();
      pass(60);
    }
    expect([tries(), lines.length]).toEqual([9, 2]);
    expect(lines[1]).toContain('is given up');
    await outbox.announce(event);
    await outbox.deliver();
    expect(tries()).toBe(9);
  });

  it('costs a pass one failed try, though many wait', async () => {
    const { make, behave, tries } = world();
    await behave('is away');
    const outbox = make();
    for (const rotation of ['a.1', 'b.1', 'c.1']) await outbox.announce({ ...event, rotation });
    await outbox.deliver();
    expect(tries()).toBe(1);
  });

  it('is sent again with the same id by a process that died before it could record the delivery', async () => {
    for (let dies = 1; dies < 12; dies += 1) {
      const base = memoryRecordStore();
      const first = world(dying(base, dies));
      const outbox = first.make();
      await outbox
        .announce(event)
        .then(async () => await outbox.deliver())
        .catch(() => undefined);
      const second = world(base);
      const again = second.make();
      await again.announce(event);
      await again.deliver();
      const ids = [...first.received, ...second.received].map(({ id }) => id);
      expect([dies, ids.length >= 1, new Set(ids).size]).toEqual([dies, true, 1]);
    }
  });

  it('is neither lost nor told under two ids by two instances at once', async () => {
    const base = memoryRecordStore();
    const [one, two] = [world(base), world(base)];
    const act = async ({ make }: typeof one, rotation: string) => {
      const outbox = make();
      await outbox.announce(event);
      await outbox.announce({ ...event, rotation });
      await outbox.deliver();
    };
    await Promise.all([act(one, 'x.1'), act(two, 'y.1')]);
    await one.make().deliver();
    const ids = [...one.received, ...two.received].map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it('that is kept in a record that was altered is refused with the place of the fault', async () => {
    const { make, records } = world();
    await make().announce(event);
    const stored = await records.read('notifications/memory/outbox.json');
    const text = Buffer.from(stored?.bytes ?? []).toString('utf8');
    await records.replace(
      'notifications/memory/outbox.json',
      Buffer.from(text.replace('"tries":0', '"tries":"0"')),
      stored?.revision ?? '',
    );
    await expect(make().deliver()).rejects.toMatchObject({
      code: 'RECORD_UNREADABLE',
      details: { reason: 'pending.0.tries: expected number, received string' },
    });
  });
});

/** A store whose process dies at its nth call. */
function dying(store: RecordStore, at: number): RecordStore {
  let calls = 0;
  const count = <Value>(act: () => Promise<Value>): Promise<Value> => {
    calls += 1;
    return calls >= at ? Promise.reject(new Error('the process died')) : act();
  };
  return {
    create: (path, bytes) => count(async () => await store.create(path, bytes)),
    replace: (path, bytes, revision) => count(async () => await store.replace(path, bytes, revision)),
    remove: (path, revision) => count(async () => await store.remove(path, revision)),
    read: (path) => count(async () => await store.read(path)),
    list: (prefix) => store.list(prefix),
  };
}
