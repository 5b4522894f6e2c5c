import { createHash, hash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { compareText } from '../provenance/compare-text.ts';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import { unwrapAuditRows } from '../audit/files/unwrap-audit-rows.ts';
import { daysOf, hourName } from '../audit/model/calendar.ts';
import { vaultOfRow } from '../audit/parsing/parse-audit-row.ts';
import { type PlacedJson, readJsonLines } from '../audit/files/read-json-lines.ts';
import type { RawRows, RetrievalLog } from '../audit/collection/retrieval-log.ts';

/** The audit log, as a file or a folder holds it. */
export interface FileRetrievalLog extends RetrievalLog {
  /** Rows found, parsed or not. */
  readonly total: number;
  /** Rows without a readable time, and lines that are not valid JSON. They are returned with the first interval. */
  readonly undated: number;
  /** Short names of the vaults that rows in the interval name, sorted. */
  vaults(interval: ReportingPeriod): readonly string[];
}

type Row = Readonly<Record<string, unknown>>;

/** A row as JSON, by the time it is filed under: ISO 8601, UTC, seven fractional digits, so that texts sort as times do. */
interface FiledRow {
  readonly at: string;
  readonly text: string;
}

/** Rows are written when this many characters of them are in memory. */
const heldCharacters = 1 << 22;

/**
 * Reads a file of audit rows, or a folder of such files, into one file a day under `folder`, so that memory never holds
 * more than one day. Rows stay unchanged: of AZKVAuditLogs, AzureDiagnostics, the archive, or `{"record": …}`. A row
 * that cannot be parsed is kept too. The control totals come from the file itself: they show that no row was lost on the
 * way, not that the file is complete.
 * @throws ServiceError `RECORD_UNREADABLE` if the path cannot be opened.
 */
export async function fileRetrievalLog(path: string, folder: string): Promise<FileRetrievalLog> {
  const days = createDayFiles(folder);
  const vaultDays = new Map<string, Set<string>>();
  const undated: Row[] = [];
  let total = 0;

  for await (const piece of readJsonLines(path)) {
    for (const row of 'fault' in piece ? [piece] : unwrapAuditRows(piece.value)) {
      total += 1;
      const at = timeOf(row);
      if (at === null) {
        undated.push(asRow(row, piece.place));
        continue;
      }
      const day = at.slice(0, 10);
      const vault = vaultOfRow(row);
      if (vault !== null) add(vaultDays, day, vault);
      await days.add(day, `${at}\t${textOf(row, piece)}\n`);
    }
  }
  await days.flush();

  const text = `The rows of the period among all ${String(total)} of ${basename(path)}, a file or folder of audit records`;
  const query = { name: 'files', text, sha256: hash('sha256', text) };
  const withoutTime = undated.length;

  return {
    name: query.name,
    total,
    undated: withoutTime,
    vaults: (interval) => [...new Set(daysOf(interval).flatMap((day) => [...(vaultDays.get(day) ?? [])]))].sort(),

    async rows(interval): Promise<RawRows> {
      const lines: FiledRow[] = [];
      for await (const line of linesOf(interval)) lines.push(line);
      lines.sort((a, b) => compareText(a.at, b.at));
      const answer = createHash('sha256');
      for (const { text: row } of lines) answer.update(row).update('\n');
      const rows = lines.map(({ text: row }) => JSON.parse(row) as Row);
      return { rows: [...undated.splice(0), ...rows], answerSha256: answer.digest('hex'), query };
    },

    async controlTotals(interval) {
      const hours = new Map<string, number>();
      for await (const { at } of linesOf(interval)) {
        const hour = hourName(Date.parse(at));
        hours.set(hour, (hours.get(hour) ?? 0) + 1);
      }
      return hours;
    },
  };

  async function* linesOf(interval: ReportingPeriod): AsyncGenerator<FiledRow> {
    const [from, to] = [withTicks(interval.from), withTicks(interval.to)];
    for (const day of daysOf(interval)) {
      for (const line of await days.read(day)) {
        const at = line.slice(0, line.indexOf('\t'));
        if (at >= from && at < to) yield { at, text: line.slice(line.indexOf('\t') + 1) };
      }
    }
  }
}

/** A row that has a line to itself is kept as it was written. */
function textOf(row: unknown, piece: PlacedJson | { readonly fault: string }): string {
  const line = 'fault' in piece || piece.value !== row ? null : piece.line;
  return line ?? JSON.stringify(row);
}

function createDayFiles(folder: string) {
  const held = new Map<string, string[]>();
  let characters = 0;
  const fileOf = (day: string) => join(folder, `${day}.rows`);

  async function flush(): Promise<void> {
    for (const [day, lines] of held) await appendFile(fileOf(day), lines.join(''), { mode: 0o600 });
    held.clear();
    characters = 0;
  }

  return {
    flush,
    async add(day: string, line: string): Promise<void> {
      const lines = held.get(day);
      if (lines === undefined) held.set(day, [line]);
      else lines.push(line);
      characters += line.length;
      if (characters > heldCharacters) await flush();
    },
    async read(day: string): Promise<readonly string[]> {
      try {
        return (await readFile(fileOf(day), 'utf8')).split('\n').filter((line) => line !== '');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
        throw error;
      }
    },
  };
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
  const columns = new Map(Object.entries(row).map(([name, value]) => [name.toLowerCase(), value as unknown]));
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

function withTicks(at: Date): string {
  return at.toISOString().replace('Z', '0000Z');
}

/** A row is an object. Anything else is kept as it is, with its place. */
function asRow(row: unknown, place: string): Row {
  return typeof row === 'object' && row !== null && !Array.isArray(row) ? (row as Row) : { unreadable: row, place };
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key) ?? new Set();
  sets.set(key, set.add(value));
}
