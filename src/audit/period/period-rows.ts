import { dayMs } from '../../secrets/duration.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import { daysOf } from '../model/calendar.ts';
import { parseAuditRow, type ParsedRow, parseFields } from '../parsing/parse-audit-row.ts';
import { createRowScanner, type RowScanner } from '../parsing/row-scanner.ts';
import type { RowView } from '../parsing/row-view.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { type Excluded, excludeEvent, excludeUnreadable } from './excluded-row.ts';
import {
  createSliceLine,
  type Slice,
  type SliceLine,
  type StoredSlice,
  storedSlices,
  visitSlice,
} from '../collection/slice.ts';
import { createDayClock } from './day-clock.ts';
import { type PlacedRow, settleOrder } from './settle-order.ts';

/** The rows of one day of the period. */
export interface DayOfRows {
  /** Rows in the slices, before any exclusion. */
  readonly rowsRead: number;
  /** Each event once, ascending by time, then id. Most are parsed when they are asked for, from the bytes of the slices. */
  readonly retrievals: Iterable<Retrieval>;
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

/**
 * Parses the rows of one day. `scanner` learns their forms. A first look finds the order of the rows, and what tells of no
 * event of its own; most reads are parsed when they are asked for, so that a day of them is never in memory at once.
 * @throws ServiceError `RECORD_UNREADABLE` for a slice that has lost a line.
 */
export function parseDay({ day, slices: stored }: StoredDay, scanner: RowScanner): DayOfRows {
  const clock = createDayClock(day);
  const lines = stored.map(createSliceLine);
  const unreadable: { readonly place: string; readonly reason: string }[] = [];
  const slices: DayOfRows['slices'][number][] = [];
  const excluded: { readonly number: number; readonly row: Excluded }[] = [];
  const rows: PlacedRow[] = [];
  const placeOf = ({ slice, row }: Pick<PlacedRow, 'slice' | 'row'>) =>
    `${stored[slice]?.path ?? ''}#${String(row + 1)}`;
  let rowsRead = 0;

  function place(line: SliceLine, slice: number, row: number): void {
    const number = rowsRead;
    rowsRead += 1;
    const looked = lookAt(line, scanner);
    if ('outcome' in looked && looked.outcome === 'refused') {
      unreadable.push({ place: placeOf({ slice, row }), reason: looked.reason });
      excluded.push({ number, row: excludeUnreadable(placeOf({ slice, row })) });
      return;
    }
    const isView = !('outcome' in looked);
    const ticks = isView ? clock.ofRead(looked, line.bytes) : clock.ofText(looked.retrieval.at);
    if (ticks === null) {
      const outside = isView ? kept(looked) : looked.retrieval;
      excluded.push({ number, row: excludeEvent('outside the period', outside, placeOf({ slice, row })) });
      return;
    }
    const retrieval = isView ? null : looked.retrieval;
    rows.push({ slice, row, from: line.from, to: line.to, number, ticks, retrieval });
  }

  function readAgain({ slice, from, to }: PlacedRow): Retrieval {
    const line = lines[slice]?.at(from, to);
    const looked = line === undefined ? null : lookAt(line, scanner);
    if (looked === null || ('outcome' in looked && looked.outcome === 'refused'))
      throw new TypeError('A row that was parsed is not parsed again.');
    return 'outcome' in looked ? looked.retrieval : kept(looked);
  }

  for (const [index, one] of stored.entries()) slices.push(visitSlice(one, (line, row) => place(line, index, row)));
  const events = settleOrder(rows, readAgain, (further, retrieval) => {
    const row = excludeEvent('a further record of an event that is already counted', retrieval, placeOf(further));
    excluded.push({ number: further.number, row });
  });
  excluded.sort((one, other) => one.number - other.number);
  const retrievals = {
    *[Symbol.iterator]() {
      for (const event of events) yield event.retrieval ?? readAgain(event);
    },
  };
  return { rowsRead, retrievals, excluded: excluded.map(({ row }) => row), unreadable, slices };
}

/**
 * Reads a line by the forms of those before it; one of no known form is parsed as JSON, with the same result. A read in the
 * log's own form is only viewed.
 */
function lookAt({ bytes, from, to, value }: SliceLine, scanner: RowScanner): RowView | ParsedRow {
  const form = scanner.match(bytes, from, to);
  if (form !== null) return form.view(bytes, from) ?? parseFields(form.fields(bytes, from, to), '');
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
