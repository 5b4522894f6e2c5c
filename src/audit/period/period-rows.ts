import { dayMs } from '../../secrets/duration.ts';
import { compareText } from '../../provenance/compare-text.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import { daysOf } from '../model/calendar.ts';
import { parseAuditRow, type ParsedRow, parseFields } from '../parsing/parse-audit-row.ts';
import { createRowScanner, type RowScanner } from '../parsing/row-scanner.ts';
import type { RowView } from '../parsing/row-view.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { type Excluded, excludeEvent, excludeUnreadable } from './excluded-row.ts';
import { type Slice, type SliceLine, type StoredSlice, storedSlices, visitSlice } from '../collection/slice.ts';

/** The rows of one day of the period. */
export interface DayOfRows {
  /** Rows in the slices, before any exclusion. */
  readonly rowsRead: number;
  /** Each event once, ascending by time, then id. */
  readonly retrievals: readonly Retrieval[];
  /** Rows that tell of no event of their own: outside the day, not readable, or stored twice or in both tables. */
  readonly excluded: readonly Excluded[];
  readonly unreadable: readonly { readonly place: string; readonly reason: string }[];
  readonly slices: readonly Omit<Slice, 'rows'>[];
}

/** The slices of one day of a period, as they are stored. */
export interface StoredDay {
  /** The part of the day that lies in the period. */
  readonly day: ReportingPeriod;
  readonly slices: readonly StoredSlice[];
}

/** Reads the slices of the period day by day, with one day in memory at a time. */
export async function* storedDays(records: RecordStore, period: ReportingPeriod): AsyncGenerator<StoredDay> {
  for (const day of daysOf(period)) {
    const start = Date.parse(`${day}T00:00:00Z`);
    const from = new Date(Math.max(start, period.from.getTime()));
    const to = new Date(Math.min(start + dayMs, period.to.getTime()));
    const slices: StoredSlice[] = [];
    for await (const slice of storedSlices(records, { from, to })) slices.push(slice);
    yield { day: { from, to }, slices };
  }
}

/** Reads the rows of the period day by day, with one day in memory at a time. */
export async function* periodRows(records: RecordStore, period: ReportingPeriod): AsyncGenerator<DayOfRows> {
  const scanner = createRowScanner();
  for await (const stored of storedDays(records, period)) yield parseDay(stored, scanner);
}

/** Parses the rows of one day. `scanner` learns their forms. @throws ServiceError `RECORD_UNREADABLE` for a slice that has lost a line. */
export function parseDay({ day, slices: stored }: StoredDay, scanner: RowScanner): DayOfRows {
  const byId = new Map<string, Retrieval>();
  const unreadable: { readonly place: string; readonly reason: string }[] = [];
  const slices: DayOfRows['slices'][number][] = [];
  const excluded: Excluded[] = [];
  let rowsRead = 0;
  // Texts of this form sort by time, to all seven digits.
  const [from, to] = [withTicks(day.from), withTicks(day.to)];
  for (const one of stored) {
    const slice = visitSlice(one, (line, index) => {
      rowsRead += 1;
      const place = () => `${one.path}#${String(index + 1)}`;
      const parsed = parseLine(line, scanner);
      if (parsed.outcome === 'refused') {
        unreadable.push({ place: place(), reason: parsed.reason });
        excluded.push(excludeUnreadable(place()));
      } else if (parsed.retrieval.at < from || parsed.retrieval.at >= to) {
        excluded.push(excludeEvent('outside the period', parsed.retrieval, place()));
      } else if (add(byId, parsed.retrieval)) {
        excluded.push(excludeEvent('a further record of an event that is already counted', parsed.retrieval, place()));
      }
    });
    slices.push(slice);
  }
  const retrievals = [...byId.values()].sort(byTime);
  return { rowsRead, retrievals, excluded, unreadable, slices };
}

/** Reads a line by the forms of those before it; one of no known form is parsed as JSON, with the same result. */
function parseLine({ bytes, from, to, value }: SliceLine, scanner: RowScanner): ParsedRow {
  const form = scanner.match(bytes, from, to);
  if (form !== null) {
    const read = form.view(bytes, from);
    return read === null ? parseFields(form.fields(bytes, from, to), '') : { outcome: 'parsed', retrieval: kept(read) };
  }
  const { row, text } = value();
  scanner.learn(text, row);
  return parseAuditRow(row, '');
}

/** All that a view says, which is valid until the next line. */
function kept(read: RowView): Retrieval {
  return {
    format: 1,
    id: read.id,
    at: read.at,
    kind: 'read',
    operation: read.operation,
    status: read.status,
    vault: read.vault,
    secret: read.secret,
    version: read.version,
    requestedVersion: read.requestedVersion,
    identity: read.identity,
    address: read.address,
    client: read.client,
    correlationId: read.correlationId,
    roleAssignment: read.roleAssignment,
    denial: null,
    sources: read.sources,
    receivedAt: read.receivedAt,
  };
}

/** Adds an event or a further source of it. Returns whether the event was already known. */
function add(byId: Map<string, Retrieval>, retrieval: Retrieval): boolean {
  const known = byId.get(retrieval.id);
  if (known === undefined) byId.set(retrieval.id, retrieval);
  else byId.set(retrieval.id, { ...known, sources: [...new Set([...known.sources, ...retrieval.sources])].sort() });
  return known !== undefined;
}

function withTicks(at: Date): string {
  return at.toISOString().replace('Z', '0000Z');
}

function byTime(a: Retrieval, b: Retrieval): number {
  return compareText(a.at, b.at) || compareText(a.id, b.id);
}
