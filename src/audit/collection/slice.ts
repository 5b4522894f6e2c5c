import { hash } from 'node:crypto';
import { z } from 'zod';
import { hourMs } from '../../secrets/duration.ts';
import { checkRecord, parseJsonText, recordedTime } from '../../records/parse-record.ts';
import type { RecordStore, StoredRecord } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import { dayOf, daysOf } from '../model/calendar.ts';

/** The first line of a slice: what was asked, and what the store answered. */
export interface SliceHeader {
  readonly format: 1;
  /** Half-open, ISO 8601. A slice never spans two days. */
  readonly from: string;
  readonly to: string;
  readonly query: { readonly name: string; readonly sha256: string };
  /** Rows that the store itself counted in these bounds, by a query of its own. */
  readonly controlTotal: number;
  /** Rows in the answer. */
  readonly count: number;
  /** Rows of the answer that no earlier slice holds: those that follow, one a line, as the store gave them. */
  readonly added: number;
  /** sha256 of the bytes of the answer; several where the bounds had to be bisected. */
  readonly answers: readonly string[];
  /** sha256 of the rows that follow, line ends included: whoever changes a row later must change it too. */
  readonly rowsSha256: string;
  readonly collectedAt: string;
}

export interface Slice {
  readonly path: string;
  readonly header: SliceHeader;
  readonly rows: readonly unknown[];
  /** Of the whole record. */
  readonly sha256: string;
  /** Whether the rows still have the digest that the header states. */
  readonly isIntact: boolean;
}

const encoder = new TextEncoder();

const headerShape: z.ZodType<SliceHeader> = z.object({
  format: z.literal(1),
  from: recordedTime,
  to: recordedTime,
  query: z.object({ name: z.string(), sha256: z.string() }),
  controlTotal: z.int(),
  count: z.int(),
  added: z.int(),
  answers: z.array(z.string()),
  rowsSha256: z.string(),
  collectedAt: recordedTime,
});

/** What decides where a slice is stored, and what it was asked. */
export type SliceBounds = Pick<SliceHeader, 'from' | 'to' | 'query'>;

/** Writes a slice under the next free number of its bounds. Returns its path. */
export async function writeSlice(
  records: RecordStore,
  about: Omit<SliceHeader, 'rowsSha256'>,
  rows: readonly unknown[],
): Promise<string> {
  for (;;) {
    const path = await slicePlace(records, about);
    if (await createSlice(records, path, about, rows)) return path;
  }
}

/** The path with the lowest free number of the bounds. */
export async function slicePlace(records: RecordStore, bounds: SliceBounds): Promise<string> {
  const prefix = prefixOf(bounds);
  const taken = new Set<string>();
  for await (const path of records.list(`${prefix}-`)) taken.add(path);
  for (let number = 1; ; number += 1) {
    const path = `${prefix}-${String(number).padStart(4, '0')}.ndjson`;
    if (!taken.has(path)) return path;
  }
}

/** Writes a slice at this path. Returns `false` if the path is taken. */
export async function createSlice(
  records: RecordStore,
  path: string,
  about: Omit<SliceHeader, 'rowsSha256'>,
  rows: readonly unknown[],
): Promise<boolean> {
  const lines = encoder.encode(rows.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return await createSliceOfLines(records, path, { ...about, rowsSha256: hash('sha256', lines) }, lines);
}

/** The same with rows as lines, one JSON value a line, each with its line end. */
export async function createSliceOfLines(
  records: RecordStore,
  path: string,
  about: SliceHeader,
  lines: Uint8Array,
): Promise<boolean> {
  const { collectedAt, rowsSha256, ...rest } = about;
  const header: SliceHeader = { ...rest, rowsSha256, collectedAt };
  try {
    await records.create(path, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), lines]));
    return true;
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_EXISTS')) return false;
    throw error;
  }
}

/** Takes the place of a slice that an interrupted pass has announced, so that it cannot be written late; one that was written stays. */
export async function createEmptySlice(
  records: RecordStore,
  { path, from, to, query }: SliceBounds & { readonly path: string },
  now: Date,
): Promise<void> {
  const nothing = { controlTotal: 0, count: 0, added: 0, answers: [], collectedAt: now.toISOString() };
  await createSlice(records, path, { format: 1, from, to, query, ...nothing }, []);
}

/** A slice as it is stored. */
export interface StoredSlice extends Pick<StoredRecord, 'bytes' | 'giveBack'> {
  readonly path: string;
}

/** Slices whose bounds touch the period, in the order of their paths: by start, end, then number. */
export async function* slicesOf(records: RecordStore, period: ReportingPeriod): AsyncGenerator<Slice> {
  for await (const stored of storedSlices(records, period)) yield parseSlice(stored);
}

/** The same, before they are parsed. */
export async function* storedSlices(records: RecordStore, period: ReportingPeriod): AsyncGenerator<StoredSlice> {
  for (const day of daysOf(period)) {
    for await (const path of records.list(`slices/${day}/`)) {
      const { from, to } = boundsOf(path);
      if (to <= period.from.getTime() || from >= period.to.getTime()) continue;
      const stored = await records.read(path);
      if (stored !== null) yield { path, bytes: stored.bytes, giveBack: stored.giveBack };
    }
  }
}

/** @throws ServiceError `RECORD_UNREADABLE` if it does not have all its rows. */
function parseSlice(stored: StoredSlice): Slice {
  const rows: unknown[] = [];
  const slice = visitSlice(stored, ({ value }) => rows.push(value().row));
  return { ...slice, rows };
}

/** One row of a slice: the bytes from `from` until before `to`. It is valid until the visit returns. */
export interface SliceLine {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  /** What it says. @throws ServiceError `RECORD_UNREADABLE` if it is not valid JSON. */
  readonly value: () => { readonly row: unknown; readonly text: string };
}

/** Shows lines of a slice once more, wherever they are. The line that `at` returns is valid until the next call. */
export function createSliceLine({ path, bytes: stored }: StoredSlice): { at(from: number, to: number): SliceLine } {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset);
  const line = { bytes, from: 0, to: 0, value };
  function value() {
    const text = bytes.toString('utf8', line.from, line.to);
    return { row: parseJsonText(text, path, `the line at byte ${String(line.from)}`), text };
  }
  return {
    at(from, to) {
      line.from = from;
      line.to = to;
      return line;
    },
  };
}

const lineEnd = 0x0a;

/**
 * Visits the rows of a slice in order, with their numbers from 0. Returns all but the rows.
 * @throws ServiceError `RECORD_UNREADABLE` if it does not have all its rows.
 */
export function visitSlice(
  { path, bytes: stored }: StoredSlice,
  visit: (line: SliceLine, index: number) => void,
): Omit<Slice, 'rows'> {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  // What is beyond the slice is never part of a line, but whoever reads words of several bytes may look at it.
  const room = Buffer.from(stored.buffer, stored.byteOffset);
  const line = { bytes: room, from: 0, to: 0, value };
  let number = 0;
  let header: unknown;
  let rows = -1;
  let rowsAt = bytes.length;
  function value() {
    const text = bytes.toString('utf8', line.from, line.to);
    return { row: parseJsonText(text, path, `line ${String(number)}`), text };
  }
  for (let at = 0; at < bytes.length; at = line.to + 1) {
    const end = bytes.indexOf(lineEnd, at);
    line.from = at;
    line.to = end === -1 ? bytes.length : end;
    number += 1;
    if (line.to === at) continue;
    rows += 1;
    if (rows > 0) visit(line, rows - 1);
    else {
      header = value().row;
      rowsAt = line.to + 1;
    }
  }
  const checked = checkedHeader(header, rows, path);
  const isIntact = hash('sha256', bytes.subarray(rowsAt)) === checked.rowsSha256;
  return { path, header: checked, sha256: hash('sha256', bytes), isIntact };
}

/** `slices/2026-03-09/140000000-150000000`: bounds stand in the name, so that a reader opens only what it needs. */
function prefixOf({ from, to }: SliceBounds): string {
  const day = dayOf(new Date(from));
  const clock = (text: string) => new Date(text).toISOString().slice(11, 23).replace(/\D/g, '');
  const end = dayOf(new Date(to)) === day ? clock(to) : '240000000';
  return `slices/${day}/${clock(from)}-${end}`;
}

function boundsOf(path: string): { readonly from: number; readonly to: number } {
  const parts = /^slices\/(\d{4}-\d\d-\d\d)\/(\d{9})-(\d{9})-\d+\.ndjson$/.exec(path);
  if (parts === null) throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'its name is no slice' });
  const [, day = '', from = '', to = ''] = parts;
  const moment = (clock: string) =>
    Date.parse(`${day}T00:00:00Z`) +
    Number(clock.slice(0, 2)) * hourMs +
    Number(clock.slice(2, 4)) * 60_000 +
    Number(clock.slice(4));
  return { from: moment(from), to: moment(to) };
}

/** A slice that lost a line would lose a retrieval: it is refused, never read in part. */
function checkedHeader(value: unknown, rows: number, path: string): SliceHeader {
  const header = checkRecord(headerShape, value, path, 'line 1');
  if (header.added !== rows)
    throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'it does not have all its rows' });
  return header;
}
