import { appendFile, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import { dayOf, daysOf } from '../audit/model/calendar.ts';
import { momentOf } from '../audit/parsing/moment.ts';
import { dayMs } from '../secrets/duration.ts';

/** Rows as lines, in one file a day. */
export interface DayFiles {
  /** Files the bytes from `from` until before `to`, a row without its line end. `at`: ISO 8601, UTC, seven fractional digits. */
  add(at: string, bytes: Buffer, from: number, to: number): void;
  /** The same of a row that has its time in that form at `timeFrom`. `moment`: milliseconds of it. */
  addTimed(moment: number, timeFrom: number, bytes: Buffer, from: number, to: number): void;
  /** Writes the rows that wait, if they are many. */
  settle(): Promise<void>;
  /** Writes all rows that wait. */
  end(): Promise<void>;
  /** The rows of an interval, ascending by their times, each with its line end. They are valid until the next call. */
  read(interval: ReportingPeriod): Promise<{ readonly bytes: Buffer; readonly count: number }>;
}

/** Rows are written when this many bytes of them are in memory. */
const heldBytes = 1 << 22;
const leastBytes = 1 << 16;
/** Memory of so many days is kept: more days at once are those of files out of order. */
const mostSpare = 16;
/** A row is filed after its time: `2026-03-02T08:00:00.0000000Z`. */
const timeBytes = 28;
const lineEnd = 0x0a;

/** One day. Its rows wait in `bytes`. */
interface FiledDay {
  readonly name: string;
  bytes: Buffer;
  used: number;
  count: number;
  /** Whether its rows came ascending by their times. */
  isOrdered: boolean;
  /** Of the row that came last, in ten-millionths of a second. */
  ticks: number;
}

/** A day's rows, and where each of them begins, its time first. */
interface FiledRow {
  readonly file: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Files rows in a folder, with a few megabytes of them in memory. */
export function createDayFiles(folder: string): DayFiles {
  const days = createDays();
  const waiting = new Set<FiledDay>();
  /** Memory that is used again, because what is outside of the heap is freed late: of rows that wait, and of a day's file. */
  const spare: Buffer[] = [];
  const whole = createWholeFile();
  let held = 0;
  const fileOf = (day: string) => join(folder, `${day}.rows`);

  /** Makes room for a row of the day and notes its time; then its time and the row are written. */
  function begin(day: FiledDay, ticks: number, length: number): void {
    if (day.bytes.length < day.used + length) {
      const used = day.used === 0 ? spare.pop() : undefined;
      day.bytes = used !== undefined && used.length >= length ? used : enlarged(day, day.used + length);
    }
    if (ticks < day.ticks) day.isOrdered = false;
    day.ticks = ticks;
    day.count += 1;
  }

  function close(day: FiledDay, length: number): void {
    day.used += length;
    day.bytes[day.used - 1] = lineEnd;
    waiting.add(day);
    held += length;
  }

  async function end(): Promise<void> {
    for (const day of waiting) {
      await appendFile(fileOf(day.name), day.bytes.subarray(0, day.used), { mode: 0o600 });
      if (spare.length < mostSpare) spare.push(day.bytes);
      day.bytes = nothing;
      day.used = 0;
    }
    waiting.clear();
    held = 0;
  }

  async function stored(day: string): Promise<Buffer> {
    try {
      return await readFile(fileOf(day));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return nothing;
      throw error;
    }
  }

  return {
    end,
    settle: async () => (held > heldBytes ? await end() : undefined),
    add(at, row, from, to) {
      const length = timeBytes + to - from + 1;
      const moment = momentOf(at);
      const day = days.dayAt(moment);
      begin(day, ticksOf(moment, Number(at.slice(lastTicks, timeBytes - 1))), length);
      day.bytes.write(at, day.used, 'latin1');
      row.copy(day.bytes, day.used + timeBytes, from, to);
      close(day, length);
    },
    addTimed(moment, timeFrom, row, from, to) {
      const length = timeBytes + to - from + 1;
      const day = days.dayAt(moment);
      begin(day, ticksOf(moment, digitsAt(row, timeFrom + lastTicks)), length);
      row.copy(day.bytes, day.used, timeFrom, timeFrom + timeBytes);
      row.copy(day.bytes, day.used + timeBytes, from, to);
      close(day, length);
    },
    async read(interval) {
      const names = daysOf(interval);
      const [name = ''] = names;
      const day = days.dayNamed(name);
      if (day?.isOrdered === true && names.length === 1 && isWholeDay(interval))
        return { bytes: withoutTimes(await whole.read(fileOf(name))), count: day.count };
      return await sortedRows(interval, stored);
    },
  };
}

function createDays() {
  const days = new Map<string, FiledDay>();
  let last: { readonly number: number; readonly day: FiledDay } | null = null;
  return {
    dayNamed: (name: string): FiledDay | undefined => days.get(name),
    /** The day of a moment. Neighbouring rows are nearly always of one. */
    dayAt(moment: number): FiledDay {
      const number = Math.floor(moment / dayMs);
      if (last?.number === number) return last.day;
      const name = dayOf(new Date(number * dayMs));
      const day = days.get(name) ?? { name, bytes: nothing, used: 0, count: 0, isOrdered: true, ticks: 0 };
      days.set(name, day);
      last = { number, day };
      return day;
    },
  };
}

/** `stored`: the file of a day. */
async function sortedRows(interval: ReportingPeriod, stored: (day: string) => Promise<Buffer>) {
  const rows: FiledRow[] = [];
  const bounds = [interval.from, interval.to].map((at) => Buffer.from(at.toISOString().replace('Z', '0000Z')));
  for (const one of daysOf(interval)) addRowsWithin(bounds, await stored(one), rows);
  if (rows.some((row, index) => index > 0 && byTime(rows[index - 1] ?? row, row) > 0)) rows.sort(byTime);
  const bytes = Buffer.allocUnsafeSlow(rows.reduce((sum, row) => sum + row.to - row.from - timeBytes, 0));
  let filled = 0;
  for (const row of rows) filled += row.file.copy(bytes, filled, row.from + timeBytes, row.to);
  return { bytes, count: rows.length };
}

function isWholeDay({ from, to }: ReportingPeriod): boolean {
  return from.getTime() % dayMs === 0 && to.getTime() - from.getTime() === dayMs;
}

const nothing: Buffer = Buffer.alloc(0);

/** Where the digits of a time are that are less than a millisecond. */
const lastTicks = 23;
const ticksInMs = 10_000;
const zero = 0x30;

/** Ten-millionths of a second since the day began. `rest`: those that are less than a millisecond. */
function ticksOf(moment: number, rest: number): number {
  return (moment % dayMs) * ticksInMs + rest;
}

/** Four digits. */
function digitsAt(bytes: Buffer, at: number): number {
  let number = 0;
  for (let index = at; index < at + 4; index += 1) number = 10 * number + (bytes[index] ?? zero) - zero;
  return number;
}

/** Reads one file at a time, in memory that the next call uses. */
function createWholeFile(): { read(path: string): Promise<Buffer> } {
  let memory: Buffer = nothing;
  return {
    async read(path) {
      const file = await open(path, 'r');
      try {
        const { size } = await file.stat();
        if (memory.length < size) memory = Buffer.allocUnsafeSlow(Math.ceil(1.25 * size));
        let filled = 0;
        for (let read = -1; read !== 0 && filled < size; filled += read)
          ({ bytesRead: read } = await file.read(memory, filled, size - filled, filled));
        return memory.subarray(0, filled);
      } finally {
        await file.close();
      }
    },
  };
}

/** The rows of a file in their order, moved to its beginning. */
function withoutTimes(file: Buffer): Buffer {
  let filled = 0;
  for (let from = 0; from < file.length; ) {
    const to = file.indexOf(lineEnd, from) + 1;
    file.copyWithin(filled, from + timeBytes, to);
    filled += to - from - timeBytes;
    from = to;
  }
  return file.subarray(0, filled);
}

function addRowsWithin(
  [first = Buffer.alloc(0), end = first]: readonly Buffer[],
  file: Buffer,
  rows: FiledRow[],
): void {
  for (let from = 0; from < file.length; ) {
    const to = file.indexOf(lineEnd, from) + 1;
    const isWithin = compareTimes(file, from, first, 0) >= 0 && compareTimes(file, from, end, 0) < 0;
    if (isWithin) rows.push({ file, from, to });
    from = to;
  }
}

function byTime(one: FiledRow, other: FiledRow): number {
  return compareTimes(one.file, one.from, other.file, other.from);
}

function compareTimes(one: Buffer, from: number, other: Buffer, at: number): number {
  return one.compare(other, at, at + timeBytes, from, from + timeBytes);
}

function enlarged({ bytes, used }: FiledDay, length: number): Buffer {
  const more = Buffer.allocUnsafeSlow(Math.max(length, 2 * bytes.length, leastBytes));
  bytes.copy(more, 0, 0, used);
  return more;
}
