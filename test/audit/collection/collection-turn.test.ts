import { describe, expect, it } from 'vitest';
import { slicesOf } from '../../../src/audit/collection/slice.ts';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { eight, minuteMs, rowAt, world } from './log-world.ts';

const day = { from: new Date('2026-03-02T00:00:00Z'), to: new Date('2026-03-03T00:00:00Z') };
const twoSpans = () => [rowAt(eight, 'a'), rowAt(eight + minuteMs, 'b'), rowAt(eight + 61 * minuteMs, 'c')];
const outlasted = 11 * minuteMs;

/** How often each row is in slices. */
async function timesKept(records: RecordStore): Promise<Record<string, number>> {
  const times: Record<string, number> = {};
  for await (const { rows } of slicesOf(records, day)) {
    for (const row of rows) {
      const id = String((row as { CorrelationId?: string }).CorrelationId);
      times[id] = (times[id] ?? 0) + 1;
    }
  }
  return times;
}

/** Calls `at` before each call that this instance makes to the store, with the number of the call from 1. */
function watched(records: RecordStore, at: (call: number) => Promise<void>): RecordStore {
  let calls = 0;
  const next = async () => await at(++calls);
  return {
    create: async (path, bytes) => (await next(), await records.create(path, bytes)),
    replace: async (path, bytes, revision) => (await next(), await records.replace(path, bytes, revision)),
    remove: async (path, revision) => (await next(), await records.remove(path, revision)),
    read: async (path) => (await next(), await records.read(path)),
    async *list(prefix) {
      await next();
      yield* records.list(prefix);
    },
  };
}

/** Plays `play` for every call of a pass to the store, the last one and one beyond it included. */
async function atEveryCall(play: (call: number) => Promise<boolean>): Promise<number> {
  for (let call = 1; ; call += 1) if (!(await play(call))) return call - 1;
}

describe('a turn to collect', () => {
  it('renews itself, so that a pass of many queries keeps its turn for longer than ten minutes', async () => {
    const { collect, collectBy, clock, log, asked } = world();
    // Three days, so three spans.
    const options = { firstPassMs: 60 * 60 * minuteMs };
    let queries = 0;
    const slow = {
      ...log,
      async rows(interval: Parameters<typeof log.rows>[0]) {
        queries += 1;
        clock.at += 6 * minuteMs;
        const before = asked.length;
        if (queries > 1) await collect();
        expect(asked.length).toBe(before);
        return await log.rows(interval);
      },
    };
    await collectBy({ ...options, log: slow });
    expect(queries).toBeGreaterThan(2);
  });

  it('keeps each row once wherever a pass is held up while another takes its turn', async () => {
    const calls = await atEveryCall(async (held) => {
      const { collect, collectBy, records, clock } = world(twoSpans());
      let isHeld = false;
      const halting = watched(records, async (call) => {
        if (call !== held) return;
        isHeld = true;
        clock.at += outlasted;
        await collect();
      });
      await collectBy({ records: halting });
      clock.at += outlasted;
      await collect();
      expect([held, await timesKept(records)]).toEqual([held, { a: 1, b: 1, c: 1 }]);
      return isHeld;
    });
    expect(calls).toBeGreaterThan(10);
  });

  it('keeps each row once wherever a process dies in its pass', async () => {
    const calls = await atEveryCall(async (last) => {
      const { collect, collectBy, records, clock } = world(twoSpans());
      let isDead = false;
      const dying = watched(records, (call) => {
        isDead ||= call === last;
        return isDead ? Promise.reject(new Error('the process died')) : Promise.resolve();
      });
      await collectBy({ records: dying }).catch(() => undefined);
      for (const _ of [1, 2]) {
        clock.at += outlasted;
        await collect();
      }
      expect([last, await timesKept(records)]).toEqual([last, { a: 1, b: 1, c: 1 }]);
      return isDead;
    });
    expect(calls).toBeGreaterThan(10);
  });
});
