import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeSlice } from '../../../src/audit/collection/slice.ts';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';
import { parseAuditRow } from '../../../src/audit/parsing/parse-audit-row.ts';
import { periodRows } from '../../../src/audit/period/period-rows.ts';
import { compareText } from '../../../src/provenance/compare-text.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { rowAt } from '../collection/log-world.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`period rows: KEYTURN_TEST_SEED=${String(seed)}`);

const day = { from: new Date('2026-02-28T00:00:00Z'), to: new Date('2026-03-01T00:00:00Z') };

/** Around both ends of the day, equal ones, ones that only the last digit tells apart, and a day that the year has not. */
const times = fc.constantFrom(
  '2026-02-27T23:59:59.9999999Z',
  '2026-02-28T00:00:00.0000000Z',
  '2026-02-28T08:00:00.0000001Z',
  '2026-02-28T08:00:00.0000002Z',
  '2026-02-28T08:00:00.0010000Z',
  '2026-02-28 08:00:00.001',
  '2026-02-28T09:00:00+01:00',
  '2026-02-28T23:59:59.9999999Z',
  '2026-02-29T08:00:00.0000000Z',
  '2026-03-01T00:00:00.0000000Z',
  'yesterday',
);
const changes = fc.constantFrom<object>(
  {},
  {},
  { OperationName: 'SecretSet' },
  { HttpStatusCode: 403 },
  { HttpStatusCode: null },
  { OperationName: 'SecretList' },
);
const rows = fc
  .record({ time: times, request: fc.constantFrom('a', 'b', 'c'), change: changes })
  .map(({ time, request, change }) => ({ ...rowAt(0, request, change), TimeGenerated: time }));
const slices = fc.array(fc.array(rows, { maxLength: 12 }), { minLength: 1, maxLength: 3 });

/** The events of all rows, parsed and held together. */
function expected(all: readonly object[]): readonly Retrieval[] {
  const byId = new Map<string, Retrieval>();
  for (const row of all) {
    const parsed = parseAuditRow(row, '');
    if (parsed.outcome === 'refused') continue;
    const { retrieval } = parsed;
    if (retrieval.at < '2026-02-28T00:00:00.0000000Z' || retrieval.at >= '2026-03-01T00:00:00.0000000Z') continue;
    const known = byId.get(retrieval.id);
    const sources = [...new Set([...(known?.sources ?? []), ...retrieval.sources])].sort();
    byId.set(retrieval.id, { ...(known ?? retrieval), sources });
  }
  return [...byId.values()].sort((a, b) => compareText(a.at, b.at) || compareText(a.id, b.id));
}

describe('the rows of a day', () => {
  it('are each event once, ascending by time, then id, however they were stored', async () => {
    const check = async (given: readonly (readonly object[])[]) => {
      const records = memoryRecordStore();
      for (const one of given) await store(records, one);
      for await (const found of periodRows(records, day)) {
        expect([...found.retrievals]).toEqual(expected(given.flat()));
        // They are read from the slices, as often as they are asked for.
        expect([...found.retrievals]).toEqual([...found.retrievals]);
        expect(found.rowsRead).toBe(given.flat().length);
        expect(found.excluded.length + [...found.retrievals].length).toBe(found.rowsRead);
      }
    };
    await fc.assert(fc.asyncProperty(slices, check), { seed, numRuns: 300 });
  });

  it('name the rows that tell of no event in the order in which they are stored', async () => {
    const records = memoryRecordStore();
    const late = rowAt(0, 'a', { TimeGenerated: '2026-02-28T09:00:00.0000000Z' });
    const early = rowAt(0, 'b', { TimeGenerated: '2026-02-28T08:00:00.0000000Z' });
    const outside = rowAt(0, 'c', { TimeGenerated: '2026-03-01T00:00:00.0000000Z' });
    await store(records, [late, outside, early, late, rowAt(0, 'd', { HttpStatusCode: null }), early]);
    for await (const { excluded } of periodRows(records, day)) {
      expect(excluded.map(({ step, place }) => `${place?.split('#')[1] ?? ''} ${step}`)).toEqual([
        '2 outside the period',
        '4 a further record of an event that is already counted',
        '5 not readable as an audit row',
        '6 a further record of an event that is already counted',
      ]);
    }
  });
});

async function store(records: Parameters<typeof writeSlice>[0], given: readonly object[]): Promise<void> {
  const count = given.length;
  const about = { controlTotal: count, count, added: count, answers: [], query: { name: 'test', sha256: '0' } };
  const bounds = { from: day.from.toISOString(), to: day.to.toISOString(), collectedAt: day.to.toISOString() };
  await writeSlice(records, { format: 1, ...about, ...bounds }, given);
}
