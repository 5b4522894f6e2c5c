import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { channelOutbox } from '../../src/notify/channel-outbox.ts';
import type { NotificationEvent } from '../../src/notify/notification-event.ts';
import { atOnce, releaseOf } from '../../src/notify/timing.ts';
import { silentLogger } from '../../src/log/logger.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { channelOf, memoryNotifier } from './memory-notifier.ts';

const calm = (work: string): NotificationEvent => ({
  type: 'work.failed',
  work,
  code: 'UNEXPECTED',
  day: '2026-03-01',
});
const urgent: NotificationEvent = {
  type: 'value.dead',
  secret: 'kv/app',
  since: '2026-03-01T00:00:00.000Z',
  code: 'CREDENTIAL_IN_FORCE_REFUSED',
};
const berlin = { timeZone: 'Europe/Berlin', quiet: { from: '22:00', to: '07:00' }, digestAt: null };
const release = (at: string, timing = berlin, event = calm('x')) =>
  releaseOf(event, new Date(at), timing).at.toISOString();

describe('quiet hours', () => {
  it.each([
    ['by day', '2026-03-02T11:00:00Z', '2026-03-02T11:00:00.000Z'],
    ['before midnight', '2026-03-01T22:30:00Z', '2026-03-02T06:00:00.000Z'],
    ['after midnight', '2026-03-02T01:00:00Z', '2026-03-02T06:00:00.000Z'],
    ['in the night the clock is put forward', '2026-03-28T23:00:00Z', '2026-03-29T05:00:00.000Z'],
    ['in the night the clock is put back', '2026-10-24T22:00:00Z', '2026-10-25T06:00:00.000Z'],
  ])('hold a message until they end, by the clock of the zone: %s', (_, at, expected) => {
    expect(release(at)).toBe(expected);
  });

  it('do not hold what is urgent', () => {
    expect(release('2026-03-02T01:00:00Z', berlin, urgent)).toBe('2026-03-02T01:00:00.000Z');
  });

  it('that end at a time which the clock skips end when it is put forward', () => {
    const skipped = { ...berlin, quiet: { from: '22:00', to: '02:30' } };
    expect(release('2026-03-29T00:00:00Z', skipped)).toBe('2026-03-29T01:00:00.000Z');
  });

  it('hold nothing for more than a day and an hour, and nothing outside them, in any zone', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Africa/Cairo'];
    const time = fc
      .integer({ min: 0, max: 1_439 })
      .map((minute) => new Date(minute * 60_000).toISOString().slice(11, 16));
    const moment = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(moment, fc.constantFrom(...zones), time, time, (now, timeZone, from, to) => {
        fc.pre(from !== to);
        const { at } = releaseOf(calm('x'), now, { timeZone, quiet: { from, to }, digestAt: null });
        expect(+at).toBeGreaterThanOrEqual(+now);
        expect(+at - +now).toBeLessThanOrEqual(25 * 3_600_000);
        const again = releaseOf(calm('x'), at, { timeZone, quiet: { from, to }, digestAt: null });
        // A clock that is put back within them shows their hours twice.
        expect(+again.at - +at).toBeLessThanOrEqual(3_600_000);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a digest', () => {
  function world() {
    const records = memoryRecordStore();
    const channel = memoryNotifier();
    let now = new Date('2026-03-02T11:00:00Z');
    const timing = { ...atOnce, timeZone: 'Europe/Berlin', digestAt: '08:00' };
    const outbox = () =>
      channelOutbox({ records, channel: channelOf(channel.notifier, timing), logger: silentLogger, now: () => now });
    return { ...channel, outbox, at: (time: string) => void (now = new Date(time)) };
  }

  it('has all that is not urgent as one message, once, at its time; what is urgent comes at once', async () => {
    const { outbox, received, at } = world();
    for (const event of [calm('collect jobs'), calm('produce reports'), urgent]) await outbox().announce(event);
    await outbox().deliver();
    expect(received.map(({ type }) => type)).toEqual(['value.dead']);
    at('2026-03-03T06:59:00Z');
    await outbox().deliver();
    expect(received).toHaveLength(1);
    at('2026-03-03T07:00:00Z');
    await outbox().deliver();
    await outbox().deliver();
    expect(received).toHaveLength(2);
    expect(received[1]?.text.split('\n')).toEqual([
      '2 messages:',
      expect.stringContaining('- Keyturn could not collect jobs') as string,
      expect.stringContaining('- Keyturn could not produce reports') as string,
    ]);
    await outbox().announce(calm('collect jobs'));
    at('2026-03-04T08:00:00Z');
    await outbox().deliver();
    expect(received).toHaveLength(2);
  });

  it('that its receiver did not take is sent again whole, under the same id, and of one message is that message', async () => {
    const { outbox, received, behave, at } = world();
    for (const work of ['a', 'b']) await outbox().announce(calm(work));
    await behave('is away');
    at('2026-03-03T07:00:00Z');
    await outbox().deliver();
    await behave('accepts');
    await outbox().announce(calm('c'));
    at('2026-03-03T07:05:00Z');
    await outbox().deliver();
    at('2026-03-04T07:00:00Z');
    await outbox().deliver();
    expect(received.map(({ type }) => type)).toEqual(['digest', 'work.failed']);
    expect(await outbox().pending()).toBe(0);
  });
});
