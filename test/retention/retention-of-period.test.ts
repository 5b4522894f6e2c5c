import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { applyRetention } from '../../src/retention/apply-retention.ts';
import { readRetentionLines } from '../../src/retention/history/read-retention-lines.ts';
import { retentionOfPeriod } from '../../src/retention/history/retention-of-period.ts';
import { appendRetention, readRetention } from '../../src/retention/retention-record.ts';
import { put, retentionWorld } from './retention-world.ts';

const by = { kind: 'unnamed', name: 'unnamed operator', door: 'command-line' } as const;
const period = (from: string, to: string) => ({ from: new Date(from), to: new Date(to) });
const dispute = { from: '2027-01-01T00:00:00.000Z', to: '2027-02-01T00:00:00.000Z' };

async function everyOf<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Slices of one day in March 2026 deleted in June 2029, after a hold of January 2027 that was lifted in the same month. */
async function deletedWorld() {
  const world = retentionWorld();
  const { records, tools } = world;
  await put(records, 'slices/2026-03-09/1.ndjson');
  await put(records, 'slices/2026-03-09/2.ndjson');
  const hold = { act: 'hold', by, reason: 'case 4711', ...dispute } as const;
  await appendRetention(records, [], { at: new Date('2029-06-01T00:00:00Z'), facts: hold });
  const lift = { act: 'lift', by, reason: 'closed', of: 1 } as const;
  await appendRetention(records, await readRetention(records), { at: new Date('2029-06-10T00:00:00Z'), facts: lift });
  await applyRetention(tools);
  return world;
}

describe('what a report says of deletions and holds', () => {
  it('holds what was deleted in its period: kind, span, rule, times and counts', async () => {
    const { records } = await deletedWorld();
    const { deletions, holds } = await retentionOfPeriod(
      records,
      period('2029-06-01T00:00:00Z', '2029-07-01T00:00:00Z'),
    );
    expect(deletions).toEqual([
      {
        format: 1,
        number: 3,
        kind: 'slices',
        name: 'slices/2026-03-09/',
        from: '2026-03-09T00:00:00.000Z',
        to: '2026-03-10T00:00:00.000Z',
        rule: '365d',
        at: '2029-06-15T02:30:00.000Z',
        endedAt: '2029-06-15T02:30:00.000Z',
        records: 2,
        kept: 0,
        list: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
    ]);
    expect(holds).toMatchObject([
      { number: 1, by, reason: 'case 4711', ...dispute, lifted: { at: '2029-06-10T00:00:00.000Z', reason: 'closed' } },
    ]);
  });

  it.each([
    ['whose records were deleted later', '2026-03-01T00:00:00Z', '2026-04-01T00:00:00Z', 1, 0],
    ['whose records were held', '2027-01-01T00:00:00Z', '2027-04-01T00:00:00Z', 0, 1],
    ['that neither concerns', '2028-01-01T00:00:00Z', '2028-04-01T00:00:00Z', 0, 0],
    ['after both', '2029-07-01T00:00:00Z', '2029-10-01T00:00:00Z', 0, 0],
  ])('is complete for a period %s', async (_, from, to, deletions, holds) => {
    const { records } = await deletedWorld();
    const found = await retentionOfPeriod(records, period(from, to));
    expect([found.deletions.length, found.holds.length]).toEqual([deletions, holds]);
  });
});

describe('the record of deletions in a pack', () => {
  it('states a head that anybody can recompute, and the chain that leads to it', async () => {
    const { records } = await deletedWorld();
    const [lines, ...more] = await everyOf(readRetentionLines(records, new Date('2029-06-15T00:00:00Z')));
    expect(more).toEqual([]);
    expect(lines).toMatchObject({ journal: 'retention/entries', entries: 4 });
    const [deletes = '', deleted = ''] = lines?.lines ?? [];
    expect((JSON.parse(deleted) as { previous: string }).previous).toBe(hash('sha256', deletes));
    expect(lines?.head).toBe(hash('sha256', deleted));
    const later = await everyOf(readRetentionLines(records, new Date('2030-01-01T00:00:00Z')));
    expect(later[0]?.lines).toEqual([deleted]);
  });

  it('is absent where nothing was ever deleted or held', async () => {
    const { records } = retentionWorld();
    expect(await everyOf(readRetentionLines(records, new Date(0)))).toEqual([]);
  });
});
