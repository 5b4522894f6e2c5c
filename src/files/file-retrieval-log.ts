import { hash } from 'node:crypto';
import { basename } from 'node:path';
import type { RawRows, RetrievalLog } from '../audit/collection/retrieval-log.ts';
import {
  filesOf,
  isBroken,
  parseLine,
  type PlacedFault,
  type PlacedJson,
  readJsonLines,
} from '../audit/files/read-json-lines.ts';
import { unwrapAuditRows } from '../audit/files/unwrap-audit-rows.ts';
import { type RawLine, visitRawLines } from '../audit/files/visit-raw-lines.ts';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import { daysOf, hourName, isDay } from '../audit/model/calendar.ts';
import { vaultOfFields, vaultOfRow } from '../audit/parsing/parse-audit-row.ts';
import { indexColumns } from '../audit/parsing/row-columns.ts';
import { createRowScanner } from '../audit/parsing/row-scanner.ts';
import type { RowView } from '../audit/parsing/row-view.ts';
import { hourMs } from '../secrets/duration.ts';
import { createDayFiles, type DayFiles } from './day-files.ts';

/** The rows of an interval as bytes, one JSON value a line. */
interface RawLines extends Omit<RawRows, 'rows'> {
  readonly bytes: Buffer;
  readonly count: number;
  /** sha256 of `bytes`. */
  readonly rowsSha256: string;
}

/** The audit log, as a file or a folder holds it. */
export interface FileRetrievalLog extends RetrievalLog {
  /** Rows found, parsed or not. */
  readonly total: number;
  /** Rows without a readable time, and lines that are not valid JSON. They are returned with the first interval. */
  readonly undated: number;
  /** The same as `rows`, as they were written. They are valid until rows are asked for again. */
  lines(interval: ReportingPeriod): Promise<RawLines>;
  /** Short names of the vaults that rows in the interval name, sorted. */
  vaults(interval: ReportingPeriod): readonly string[];
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads a file of audit rows, or a folder of such files, into one file a day under `folder`, so that memory never holds
 * more than one day. Rows stay unchanged: of AZKVAuditLogs, AzureDiagnostics, the archive, or `{"record": …}`. A row
 * that cannot be parsed is kept too. The control totals are counted while rows are filed: they show that no row was lost
 * on the way, not that the file is complete.
 * @throws ServiceError `RECORD_UNREADABLE` if the path cannot be opened.
 */
export async function fileRetrievalLog(path: string, folder: string): Promise<FileRetrievalLog> {
  const days = createDayFiles(folder);
  const { total, undated, vaultDays, hours } = await fileRows(path, days);
  const text = `The rows of the period among all ${String(total)} of ${basename(path)}, a file or folder of audit records`;
  const query = { name: 'files', text, sha256: hash('sha256', text) };
  const withoutTime = undated.length;

  async function lines(interval: ReportingPeriod): Promise<RawLines> {
    const sorted = await days.read(interval);
    const answerSha256 = hash('sha256', sorted.bytes);
    const first = Buffer.from(undated.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const count = sorted.count + undated.splice(0).length;
    if (first.length === 0) return { bytes: sorted.bytes, count, rowsSha256: answerSha256, answerSha256, query };
    const bytes = Buffer.concat([first, sorted.bytes]);
    return { bytes, count, rowsSha256: hash('sha256', bytes), answerSha256, query };
  }

  return {
    name: query.name,
    total,
    undated: withoutTime,
    vaults: (interval) => [...new Set(daysOf(interval).flatMap((day) => [...(vaultDays.get(day) ?? [])]))].sort(),
    lines,

    async rows(interval): Promise<RawRows> {
      const { bytes, answerSha256 } = await lines(interval);
      const texts = bytes.toString('utf8').split('\n').slice(0, -1);
      return { rows: texts.map((row) => JSON.parse(row) as Row), answerSha256, query };
    },

    async controlTotals({ from, to }) {
      const totals = new Map<string, number>();
      const names = [...hours.keys()].sort();
      for (const hour of names) {
        const start = Date.parse(hour);
        const [begin, end] = [Math.max(start, from.getTime()), Math.min(start + hourMs, to.getTime())];
        if (begin >= end) continue;
        const isWhole = end - begin === hourMs;
        const part = { from: new Date(begin), to: new Date(end) };
        const count = isWhole ? (hours.get(hour) ?? 0) : (await days.read(part)).count;
        if (count > 0) totals.set(hour, count);
      }
      return totals;
    },
  };
}

/** Counts rows by hour, and the vaults that they name by day. */
function countRows() {
  const vaultDays = new Map<string, Set<string>>();
  const hours = new Map<string, number>();
  /** Reads in the log's own form: neighbours are mostly of one hour and one vault. */
  let hour = Number.NaN;
  let vault = '';
  let alike = 0;
  let total = 0;
  const close = () => {
    if (alike === 0) return;
    const name = hourName(hour * hourMs);
    hours.set(name, (hours.get(name) ?? 0) + alike);
    add(vaultDays, name.slice(0, 10), vault);
    alike = 0;
  };
  return {
    undated: () => (total += 1),
    row(at: string, named: string | null): void {
      total += 1;
      const name = `${at.slice(0, 13)}:00:00Z`;
      hours.set(name, (hours.get(name) ?? 0) + 1);
      if (named !== null) add(vaultDays, at.slice(0, 10), named);
    },
    read(row: RowView): void {
      total += 1;
      const at = Math.floor(row.moment / hourMs);
      if (at !== hour || row.vault !== vault) {
        close();
        hour = at;
        ({ vault } = row);
      }
      alike += 1;
    },
    result() {
      close();
      return { total, vaultDays, hours };
    },
  };
}

/** Files the rows of all files. */
async function fileRows(path: string, days: DayFiles) {
  const counts = countRows();
  const undated: Row[] = [];
  const scanner = createRowScanner();

  const file = (piece: PlacedJson | PlacedFault) => {
    for (const row of 'fault' in piece ? [piece] : unwrapAuditRows(piece.value)) {
      const at = timeOf(row);
      if (at === null) {
        counts.undated();
        undated.push(asRow(row, piece.place));
        continue;
      }
      counts.row(at, vaultOfRow(row));
      const line = Buffer.from(textOf(row, piece));
      days.add(at, line, 0, line.length);
    }
  };
  for await (const name of filesOf(path)) {
    const first = { isBroken: false };
    const fileLine = ({ bytes, from, to, number }: RawLine): boolean => {
      const form = scanner.match(bytes, from, to);
      const read = form?.view(bytes, from) ?? null;
      if (read !== null) {
        counts.read(read);
        days.addTimed(read.moment, read.timeFrom, bytes, from, to);
        return true;
      }
      const fields = form?.fields(bytes, from, to);
      if (fields?.time != null && exactTime.test(fields.time)) {
        counts.row(fields.time, vaultOfFields(fields));
        days.add(fields.time, bytes, from, to);
        return true;
      }
      const line = bytes.toString('utf8', from, to);
      const piece = parseLine(line, `${name}:${String(number)}`);
      if (number === 1 && isBroken(piece)) {
        first.isBroken = true;
        return false;
      }
      if ('value' in piece) scanner.learn(line, piece.value);
      file(piece);
      return true;
    };
    await visitRawLines(name, fileLine, async () => await days.settle());
    // One value over many lines, or lines of which the first is broken.
    if (first.isBroken) for await (const piece of readJsonLines(name)) file(piece);
  }
  await days.end();
  return { ...counts.result(), undated };
}

/** A row that has a line to itself is kept as it was written. */
function textOf(row: unknown, piece: PlacedJson | { readonly fault: string }): string {
  const line = 'fault' in piece || piece.value !== row ? null : piece.line;
  return line ?? JSON.stringify(row);
}

/** A time in the form of Azure's log, of a day that every month has. */
const exactTime = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{7}Z$/;

/** The time by which a row is filed, with the seven digits of Azure's log. */
function timeOf(row: unknown): string | null {
  if (typeof row !== 'object' || row === null) return null;
  const isPlain = 'TimeGenerated' in row && !('record' in row);
  if (isPlain && typeof row.TimeGenerated === 'string' && exactTime.test(row.TimeGenerated)) return row.TimeGenerated;
  return timeAmong(row);
}

/** The same for every spelling. */
function timeAmong(row: object): string | null {
  const columns = indexColumns({ ...row });
  const inner = columns.get('record');
  if (typeof inner === 'object' && inner !== null) return timeOf(inner);
  const text = [columns.get('timegenerated'), columns.get('time')].find(
    (one) => typeof one === 'string' && /^\d/.test(one),
  );
  if (typeof text !== 'string') return null;
  const zoned = /(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`;
  const at = Date.parse(zoned.replace(/(\.\d{3})\d+/, '$1'));
  if (Number.isNaN(at) || !isDay(text.slice(0, 10))) return null;
  const ticks = /\.(\d{1,7})/.exec(text)?.[1] ?? '';
  return `${new Date(at).toISOString().slice(0, 19)}.${ticks.padEnd(7, '0')}Z`;
}

/** A row is an object. Anything else is kept as it is, with its place. */
function asRow(row: unknown, place: string): Row {
  return typeof row === 'object' && row !== null && !Array.isArray(row) ? (row as Row) : { unreadable: row, place };
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(value));
}
