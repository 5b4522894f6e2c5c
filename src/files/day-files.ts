import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import { daysOf } from '../audit/model/calendar.ts';

/** Rows as lines, in one file a day. */
export interface DayFiles {
  /** Files the bytes from `from` until before `to`, a row without its line end. `at`: ISO 8601, UTC, seven fractional digits. */
  add(at: string, bytes: Buffer, from: number, to: number): void;
  /** Writes the rows that wait, if they are many. */
  settle(): Promise<void>;
  /** Writes all rows that wait. */
  end(): Promise<void>;
  /** The rows of an interval, ascending by their times, each with its line end. */
  read(interval: ReportingPeriod): Promise<{ readonly bytes: Buffer; readonly count: number }>;
}

/** Rows are written when this many bytes of them are in memory. */
const heldBytes = 1 << 22;
const leastBytes = 1 << 16;
/** A row is filed after its time: `2026-03-02T08:00:00.0000000Z`. */
const timeBytes = 28;
const lineEnd = 0x0a;

interface Waiting {
  bytes: Buffer;
  used: number;
}

/** A day's rows, and where each of them begins, its time first. */
interface FiledRow {
  readonly file: Buffer;
  readonly from: number;
  readonly to: number;
}

/** Files rows in a folder, with a few megabytes of them in memory. */
export function createDayFiles(folder: string): DayFiles {
  const waiting = new Map<string, Waiting>();
  let held = 0;
  const fileOf = (day: string) => join(folder, `${day}.rows`);

  async function end(): Promise<void> {
    for (const [day, { bytes, used }] of waiting)
      await appendFile(fileOf(day), bytes.subarray(0, used), { mode: 0o600 });
    waiting.clear();
    held = 0;
  }

  async function stored(day: string): Promise<Buffer> {
    try {
      return await readFile(fileOf(day));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    }
  }

  return {
    end,
    settle: async () => (held > heldBytes ? await end() : undefined),
    add(at, row, from, to) {
      const day = at.slice(0, 10);
      const length = timeBytes + to - from + 1;
      const file = waiting.get(day) ?? { bytes: Buffer.allocUnsafeSlow(leastBytes), used: 0 };
      waiting.set(day, file);
      if (file.bytes.length < file.used + length) file.bytes = enlarged(file, file.used + length);
      file.bytes.write(at, file.used, 'latin1');
      row.copy(file.bytes, file.used + timeBytes, from, to);
      file.used += length;
      file.bytes[file.used - 1] = lineEnd;
      held += length;
    },
    async read({ from, to }) {
      const rows: FiledRow[] = [];
      const bounds = [from, to].map((at) => Buffer.from(at.toISOString().replace('Z', '0000Z')));
      for (const day of daysOf({ from, to })) addRowsWithin(bounds, await stored(day), rows);
      if (rows.some((row, index) => index > 0 && byTime(rows[index - 1] ?? row, row) > 0)) rows.sort(byTime);
      const bytes = Buffer.allocUnsafeSlow(rows.reduce((sum, row) => sum + row.to - row.from - timeBytes, 0));
      let filled = 0;
      for (const row of rows) filled += row.file.copy(bytes, filled, row.from + timeBytes, row.to);
      return { bytes, count: rows.length };
    },
  };
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

function enlarged({ bytes, used }: Waiting, length: number): Buffer {
  const more = Buffer.allocUnsafeSlow(Math.max(length, 2 * bytes.length));
  bytes.copy(more, 0, 0, used);
  return more;
}
