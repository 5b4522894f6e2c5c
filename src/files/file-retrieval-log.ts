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
import { daysOf } from '../audit/model/calendar.ts';
import { vaultOfFields, vaultOfRow } from '../audit/parsing/parse-audit-row.ts';
import { indexColumns } from '../audit/parsing/row-columns.ts';
import { createRowScanner } from '../audit/parsing/row-scanner.ts';
import { hourMs } from '../secrets/duration.ts';
import { createDayFiles, type DayFiles } from './day-files.ts';

/** The rows of an interval as bytes, one JSON value a line. */
interface RawLines extends Omit<RawRows, 'rows'> {
  readonly bytes: Buffer;
  readonly count: number;
}

/** The audit log, as a file or a folder holds it. */
export interface FileRetrievalLog extends RetrievalLog {
  /** Rows found, parsed or not. */
  readonly total: number;
  /** Rows without a readable time, and lines that are not valid JSON. They are returned with the first interval. */
  readonly undated: number;
  /** The same as `rows`, as they were written. */
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
    const bytes = first.length === 0 ? sorted.bytes : Buffer.concat([first, sorted.bytes]);
    return { bytes, count, answerSha256, query };
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

/** Files the rows of all files. */
async function fileRows(path: string, days: DayFiles) {
  const vaultDays = new Map<string, Set<string>>();
  const hours = new Map<string, number>();
  const undated: Row[] = [];
  const scanner = createRowScanner();
  let total = 0;

  const count = (at: string, vault: string | null) => {
    total += 1;
    const hour = `${at.slice(0, 13)}:00:00Z`;
    hours.set(hour, (hours.get(hour) ?? 0) + 1);
    if (vault !== null) add(vaultDays, at.slice(0, 10), vault);
  };
  const file = (piece: PlacedJson | PlacedFault) => {
    for (const row of 'fault' in piece ? [piece] : unwrapAuditRows(piece.value)) {
      const at = timeOf(row);
      if (at === null) {
        total += 1;
        undated.push(asRow(row, piece.place));
        continue;
      }
      count(at, vaultOfRow(row));
      const line = Buffer.from(textOf(row, piece));
      days.add(at, line, 0, line.length);
    }
  };
  for await (const name of filesOf(path)) {
    const first = { isBroken: false };
    const fileLine = ({ bytes, from, to, number }: RawLine): boolean => {
      const fields = scanner.scan(bytes, from, to);
      if (fields?.time != null && exactTime.test(fields.time)) {
        count(fields.time, vaultOfFields(fields));
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
  return { total, undated, vaultDays, hours };
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
  if (Number.isNaN(at)) return null;
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
