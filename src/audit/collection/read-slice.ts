import { hash } from 'node:crypto';
import type { JobStamp } from '../../provenance/job-stamp.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import type { UnreadInterval } from './retrieval-collection.ts';
import type { RawRows, RetrievalLog } from './retrieval-log.ts';
import { collectStamps } from './name-stamped-jobs.ts';
import type { CollectionTurn } from './collection-turn.ts';
import { createSlice, type SliceHeader, slicesOf, writeSlice } from './slice.ts';

/** A part of the log that is read at once. */
export interface SpanToRead extends ReportingPeriod {
  /** The store's count of each hour in it. */
  readonly totals: ReadonlyMap<string, number>;
}

interface SpanRead {
  readonly added: number;
  readonly slices: number;
  /** Rows that are now held of each hour of the span. */
  readonly held: Readonly<Record<string, number>>;
  readonly unread: readonly UnreadInterval[];
}

interface SliceReader {
  /**
   * Reads a span, bisecting where it must, and keeps the rows that no slice holds yet. Returns `null` and keeps nothing if another
   * instance has taken the turn.
   */
  read(span: SpanToRead): Promise<SpanRead | null>;
  /** Texts of the queries that were answered, by their digests. */
  queries(): Readonly<Record<string, { readonly name: string; readonly text: string }>>;
  /** Stamps of jobs in the new rows, each job once. */
  stamps(): ReadonlyMap<string, JobStamp>;
}

/** A slice of one second that is still partial cannot be halved further: the store rounds no finer with certainty. */
const smallestMs = 1_000;

interface SlicePorts {
  readonly log: RetrievalLog;
  readonly records: RecordStore;
  readonly now: () => Date;
  /** `null`: nobody else writes into these records. */
  readonly turn: CollectionTurn | null;
}

interface Reader extends SlicePorts {
  readonly queries: Record<string, { readonly name: string; readonly text: string }>;
  readonly stamps: Map<string, JobStamp>;
}

/** Reads spans of the log into slices. */
export function createSliceReader(ports: SlicePorts): SliceReader {
  const queries: Reader['queries'] = {};
  const stamps: Reader['stamps'] = new Map();
  return { read: (span) => read({ ...ports, queries, stamps }, span), queries: () => queries, stamps: () => stamps };
}

async function read(reader: Reader, span: SpanToRead): Promise<SpanRead | null> {
  if (reader.turn !== null && !(await reader.turn.renew())) return null;
  const answers: RawRows[] = [];
  const unread: UnreadInterval[] = [];
  await readBisecting(reader, span, answers, unread);
  const rows = answers.flatMap((answer) => answer.rows);
  const { fresh, held } = await compare(reader, span, rows);
  collectStamps(fresh, reader.stamps);
  const controlTotal = [...span.totals.values()].reduce((sum, total) => sum + total, 0);
  // Fewer rows than the store counts, although every answer said to be whole: it is not whole.
  if (unread.length === 0 && rows.length < controlTotal) unread.push(interval(span, 'FEWER_ROWS_THAN_COUNTED'));
  const query = answers[0]?.query;
  if (query === undefined) return { added: 0, slices: 0, held, unread };
  reader.queries[query.sha256] = { name: query.name, text: query.text };
  const header = {
    format: 1 as const,
    from: span.from.toISOString(),
    to: span.to.toISOString(),
    query: { name: query.name, sha256: query.sha256 },
    controlTotal,
    count: rows.length,
    added: fresh.length,
    answers: answers.map(({ answerSha256 }) => answerSha256),
    collectedAt: reader.now().toISOString(),
  };
  if (!(await keep(reader, header, fresh))) return null;
  return { added: fresh.length, slices: 1, held, unread };
}

/** Writes the slice, in turn where there are turns. Returns `false` if another instance has taken the turn. */
async function keep(
  { records, turn }: Reader,
  header: Omit<SliceHeader, 'rowsSha256'>,
  rows: readonly unknown[],
): Promise<boolean> {
  if (turn === null) {
    await writeSlice(records, header, rows);
    return true;
  }
  const path = await turn.announce(header);
  if (path === null || !(await createSlice(records, path, header, rows))) return false;
  turn.wrote();
  return true;
}

/** Halves an interval until the store gives all of it. What stays partial at one second is put on record as unread. */
async function readBisecting(
  reader: Reader,
  { from, to }: ReportingPeriod,
  answers: RawRows[],
  unread: UnreadInterval[],
): Promise<void> {
  try {
    answers.push(await reader.log.rows({ from, to }));
  } catch (error) {
    if (!ServiceError.is(error, 'LOG_QUERY_PARTIAL')) throw error;
    const length = to.getTime() - from.getTime();
    if (length <= smallestMs) {
      unread.push(interval({ from, to }, error.code));
      return;
    }
    const middle = new Date(from.getTime() + Math.ceil(length / 2_000) * 1_000);
    await readBisecting(reader, { from, to: middle }, answers, unread);
    await readBisecting(reader, { from: middle, to }, answers, unread);
  }
}

/**
 * Rows of the answer that slices do not hold, each as often as the store has it, and how many are held of each hour then. A row
 * that two passes at once have kept counts as often as the store has it: the hour would never agree with the store's count.
 */
async function compare(
  reader: Reader,
  span: SpanToRead,
  rows: readonly Readonly<Record<string, unknown>>[],
): Promise<{ readonly fresh: readonly unknown[]; readonly held: Readonly<Record<string, number>> }> {
  const kept = new Map<string, { readonly row: unknown; times: number }>();
  for await (const slice of slicesOf(reader.records, span)) {
    if (slice.header.query.name !== reader.log.name) continue;
    for (const row of slice.rows) {
      const known = kept.get(hashRow(row));
      if (known === undefined) kept.set(hashRow(row), { row, times: 1 });
      else known.times += 1;
    }
  }
  const answered = new Map<string, number>();
  // Nothing is held of a span that is read for the first time, as of every span of a file.
  const fresh = rows.filter((row) => {
    if (kept.size === 0) return true;
    const key = hashRow(row);
    const times = (answered.get(key) ?? 0) + 1;
    answered.set(key, times);
    return times > (kept.get(key)?.times ?? 0);
  });
  const held: Record<string, number> = Object.fromEntries([...span.totals.keys()].map((hour) => [hour, 0]));
  for (const row of rows) count(held, row, 1);
  for (const [key, { row, times }] of kept) if (!answered.has(key)) count(held, row, times);
  return { fresh, held };
}

function hashRow(row: unknown): string {
  return hash('sha256', JSON.stringify(row));
}

/** A row whose time cannot be read belongs to no hour; it is kept all the same. */
function count(held: Record<string, number>, row: unknown, times: number): void {
  const time = typeof row === 'object' && row !== null && 'TimeGenerated' in row ? String(row.TimeGenerated) : '';
  const hour = `${time.slice(0, 13)}:00:00Z`;
  if (held[hour] !== undefined) held[hour] += times;
}

function interval({ from, to }: ReportingPeriod, why: string): UnreadInterval {
  return { from: from.toISOString(), to: to.toISOString(), why };
}
