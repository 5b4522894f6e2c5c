import { describe, expect, it } from 'vitest';
import { retrievalCollection } from '../../../src/audit/collection/retrieval-collection.ts';
import { slicesOf } from '../../../src/audit/collection/slice.ts';
import type { CanaryReader } from '../../../src/audit/collection/canary-reader.ts';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { eight, minuteMs, rowAt, world } from './log-world.ts';

const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const month = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-05-01T00:00:00Z') };

async function idsKept(records: RecordStore): Promise<string[]> {
  const ids: string[] = [];
  for await (const { rows } of slicesOf(records, month))
    ids.push(...rows.map((row) => String((row as { CorrelationId?: string }).CorrelationId)));
  return ids.sort();
}

/** A vault's clock is right. */
function canaryAt(clock: { readonly at: number }): CanaryReader {
  let reads = 0;
  return {
    read() {
      const at = new Date(clock.at).toISOString();
      return Promise.resolve([{ vault: 'kv', secret: 'canary', correlationId: `read-${String(++reads)}`, at }]);
    },
  };
}

describe('collecting by a clock that is wrong', () => {
  it('says rows have arrived to the vault’s time, not to that of a clock forty days ahead', async () => {
    const { collectBy, records, clock } = world([rowAt(eight, 'a')]);
    const canary = canaryAt(clock);
    await collectBy({ canary });
    await collectBy({ canary, now: () => new Date(clock.at + 40 * dayMs) });
    const state = await retrievalCollection(records);
    expect([state?.readTo, state?.watermark]).toEqual(['2026-03-02T10:30:00.000Z', '2026-03-02T10:20:00.000Z']);
  });

  it('does not say less is collected where a clock is three hours late', async () => {
    const { collectBy, records, clock } = world([rowAt(eight, 'a')]);
    const canary = canaryAt(clock);
    for (const hour of [1, 2, 3, 4]) {
      await collectBy({ canary });
      if (hour < 4) clock.at += hourMs;
    }
    await collectBy({ canary, now: () => new Date(clock.at - 3 * hourMs) });
    expect((await retrievalCollection(records))?.watermark).toBe('2026-03-02T13:20:00.000Z');
  });

  it('corrects a watermark that a clock ahead has left, without a canary too', async () => {
    const { collect, collectBy, records, clock } = world([rowAt(eight, 'a')]);
    await collect();
    await collectBy({ now: () => new Date(clock.at + 40 * dayMs) });
    clock.at += 20 * minuteMs;
    await collect();
    const state = await retrievalCollection(records);
    expect([state?.readTo, state?.watermark]).toEqual(['2026-03-02T10:50:00.000Z', '2026-03-02T10:40:00.000Z']);
  });

  it.each([
    ['forty days', 40 * dayMs, 3 * dayMs],
    ['forty hours', 40 * hourMs, 4 * dayMs],
  ])('collects the hours that a clock %s ahead said were read before they were', async (_, ahead, away) => {
    const { collect, collectBy, records, clock, state } = world([rowAt(eight, 'a')]);
    await collect();
    for (const minutes of [0, 20]) await collectBy({ now: () => new Date(clock.at + ahead + minutes * minuteMs) });
    // Then nothing runs for days.
    state.rows.push(rowAt(clock.at + hourMs, 'b'), rowAt(clock.at + away - hourMs, 'c'));
    clock.at += away;
    await collect();
    expect(await idsKept(records)).toEqual(['a', 'b', 'c']);
  });

  it('begins anew where the first pass of all had a clock ahead by more than it looks back', async () => {
    const { collect, collectBy, records, clock } = world([rowAt(eight, 'a')]);
    await collectBy({ now: () => new Date(clock.at + 40 * dayMs) });
    await collect();
    expect(await idsKept(records)).toEqual(['a']);
    expect((await retrievalCollection(records))?.since).toBe('2026-03-02T07:00:00.000Z');
  });
});

describe('collecting after days without a pass', () => {
  it('keeps a row that came late before the pause', async () => {
    const { collect, records, clock, state } = world([rowAt(eight, 'a')]);
    await collect();
    state.rows.push(rowAt(eight + minuteMs, 'late'));
    clock.at += 4 * dayMs;
    await collect();
    expect(await idsKept(records)).toEqual(['a', 'late']);
  });
});
