import { describe, expect, it } from 'vitest';
import type { InventorySnapshot } from '../../../src/audit/model/audited-period.ts';
import type { Finding } from '../../../src/audit/model/finding.ts';
import * as given from '../attribution-fixtures.ts';
import { found, inventoried } from '../finding-fixtures.ts';

const from = new Date('2026-03-02T00:00:00Z');
const day = (number: number, hour = 0): string =>
  new Date(+from + number * 86_400_000 + hour * 3_600_000).toISOString();

interface Span {
  readonly days: number;
  readonly readOn?: readonly number[];
  readonly listed?: (day: number) => Parameters<typeof inventoried>[0] | null;
  readonly rowsSince?: number;
}

/** The unread secrets of some days, with one inventory at the end of each. */
function unread({ days, readOn = [], listed = () => ({}), rowsSince = 0 }: Span): readonly Finding[] {
  const snapshots = Array.from({ length: days }, (_, number): InventorySnapshot => {
    const change = listed(number);
    const taken = inventoried(change ?? {}, day(number, 23));
    return change === null ? { ...taken, entries: [] } : taken;
  });
  const end = Date.parse(day(days));
  const rows = readOn.map((number) =>
    given.row(`c${String(number)}`, { at: day(number, 12).replace('Z', '0000Z'), client: given.stamp(1) }),
  );
  return found({
    snapshots,
    rows,
    period: { from, to: new Date(end) },
    asOf: end,
    settledTo: end,
    rowsSince: Date.parse(day(rowsSince)),
  }).filter(({ rule }) => rule === 'secret-never-read');
}

describe('a secret that nobody reads', () => {
  it('is found after four weeks, and not before', () => {
    expect(unread({ days: 28 })).toMatchObject([{ subject: 'kv/database', firstAt: day(0), ended: null }]);
    expect(unread({ days: 27 })).toEqual([]);
  });

  it('stays found when it is read in the end, with the read that ended it', () => {
    const [open] = unread({ days: 30 });
    expect(unread({ days: 35, readOn: [31] })).toMatchObject([
      { id: open?.id, ended: { at: day(31, 12), by: 'row-c31' } },
    ]);
  });

  it('is found anew after its last read', () => {
    expect(unread({ days: 60, readOn: [5] })).toMatchObject([{ firstAt: day(5, 12), ended: null }]);
  });

  it('is found though it was rotated: a new version is not a new secret', () => {
    const listed = (number: number) => (number < 10 ? {} : { version: 'v2', created: day(10, 5) });
    expect(unread({ days: 28, listed })).toHaveLength(1);
  });

  it.each([
    ['it is disabled', () => ({ enabled: false })],
    ["it is Keyturn's own", () => ({ own: true as const })],
    ['it was created later', (number: number) => (number < 3 ? null : { created: day(3, 5) })],
    ['it was deleted before', (number: number) => (number < 20 ? {} : null)],
  ])('is not found if %s', (_, listed) => {
    expect(unread({ days: 29, listed })).toEqual([]);
  });

  it('is not found where no rows are on record', () => {
    expect(unread({ days: 40, rowsSince: 20 })).toEqual([]);
  });

  it('ends when it is disabled', () => {
    expect(unread({ days: 40, listed: (number) => ({ enabled: number < 30 }) })).toMatchObject([
      { ended: { at: day(30, 23), by: 'kv/database disabled or no longer listed' } },
    ]);
  });
});
