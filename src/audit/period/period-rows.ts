import { dayMs } from '../../secrets/duration.ts';
import { compareText } from '../../provenance/compare-text.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import { daysOf } from '../model/calendar.ts';
import { parseAuditRow } from '../parsing/parse-audit-row.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { type Slice, slicesOf } from '../collection/slice.ts';

/** The rows of one day of the period. */
export interface DayOfRows {
  /** Rows in the slices, before any exclusion. */
  readonly rowsRead: number;
  /** Each event once, ascending by time, then id. */
  readonly retrievals: readonly Retrieval[];
  /** Further rows of an event that is already counted: stored twice, or in both tables. */
  readonly duplicates: number;
  readonly outside: number;
  readonly unreadable: readonly { readonly place: string; readonly reason: string }[];
  readonly slices: readonly Slice[];
}

/** Reads the rows of the period day by day, with one day in memory at a time. */
export async function* periodRows(records: RecordStore, period: ReportingPeriod): AsyncGenerator<DayOfRows> {
  for (const day of daysOf(period)) {
    const start = Date.parse(`${day}T00:00:00Z`);
    const from = new Date(Math.max(start, period.from.getTime()));
    const to = new Date(Math.min(start + dayMs, period.to.getTime()));
    yield await dayOfRows(records, { from, to });
  }
}

async function dayOfRows(records: RecordStore, day: ReportingPeriod): Promise<DayOfRows> {
  const byId = new Map<string, Retrieval>();
  const unreadable: { readonly place: string; readonly reason: string }[] = [];
  const slices: Slice[] = [];
  const counts = { rowsRead: 0, duplicates: 0, outside: 0 };
  for await (const slice of slicesOf(records, day)) {
    slices.push(slice);
    for (const [index, row] of slice.rows.entries()) {
      counts.rowsRead += 1;
      const parsed = parseAuditRow(row, `${slice.path}#${String(index + 1)}`);
      if (parsed.outcome === 'refused') unreadable.push({ place: parsed.place, reason: parsed.reason });
      else if (!isInside(parsed.retrieval, day)) counts.outside += 1;
      else if (add(byId, parsed.retrieval)) counts.duplicates += 1;
    }
  }
  const retrievals = [...byId.values()].sort(byTime);
  return { ...counts, retrievals, unreadable, slices };
}

/** Adds an event or a further source of it. Returns whether the event was already known. */
function add(byId: Map<string, Retrieval>, retrieval: Retrieval): boolean {
  const known = byId.get(retrieval.id);
  if (known === undefined) byId.set(retrieval.id, retrieval);
  else byId.set(retrieval.id, { ...known, sources: [...new Set([...known.sources, ...retrieval.sources])].sort() });
  return known !== undefined;
}

function isInside({ at }: Retrieval, { from, to }: ReportingPeriod): boolean {
  // Texts of this form sort by time, to all seven digits.
  return at >= withTicks(from) && at < withTicks(to);
}

function withTicks(at: Date): string {
  return at.toISOString().replace('Z', '0000Z');
}

function byTime(a: Retrieval, b: Retrieval): number {
  return compareText(a.at, b.at) || compareText(a.id, b.id);
}
