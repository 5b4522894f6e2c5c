import { dayMs, hourMs } from '../../secrets/duration.ts';
import { type Trace, untraced } from '../../log/trace.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { hourName, hourOf } from '../model/calendar.ts';
import { readCanary, readCanaryOnceAnHour } from './canary-ledger.ts';
import type { CanaryRead, CanaryReader } from './canary-reader.ts';
import { type CollectionTurn, takeCollectionTurn } from './collection-turn.ts';
import { nameStampedJobs } from './name-stamped-jobs.ts';
import { createSliceReader, type SpanToRead } from './read-slice.ts';
import {
  type RetrievalCollection,
  readRetrievalCollection,
  saveRetrievalCollection,
  type UnreadInterval,
} from './retrieval-collection.ts';
import type { RetrievalLog } from './retrieval-log.ts';

export interface RetrievalCollector {
  readonly log: RetrievalLog;
  /** Whether the log is read beside another one, whose rows are then left alone. */
  readonly beside?: boolean;
  readonly records: RecordStore;
  readonly now: () => Date;
  /** Absent: no hour can be shown to be covered. */
  readonly canary?: CanaryReader;
  /** How long a row may take to arrive; 30 minutes when not given (Azure: 3 to 20). */
  readonly settlingMs?: number;
  /** How far back hours are counted again for late rows; 48 hours when not given: Azure rewrites the time of older ones. */
  readonly lateTailMs?: number;
  /** How far back the first pass begins; 30 days when not given, as long as a workspace keeps rows by default. */
  readonly firstPassMs?: number;
  /** The Gitea whose jobs are recorded: the next pass asks for its stamped jobs that the ledger lacks. */
  readonly instance?: string | null;
  /** Times each slice; left out: nothing is timed. */
  readonly trace?: Trace;
}

interface RowsCollected {
  readonly rows: number;
  readonly slices: number;
  readonly intervalsNotRead: number;
}

interface RetrievalsCollected extends RowsCollected {
  readonly canaryReads: number;
}

type CollectedLog = 'only' | 'beside';

/** Clocks of machines that are looked after differ by less. */
const clockToleranceMs = 5 * 60_000;

/** A workspace forgets after 30 days unless it is told otherwise. */
export const keptMs = 30 * dayMs;

/** Far below the store's 500,000 rows and 64 MB. */
const rowsPerSlice = 50_000;

/**
 * Collects log rows into slices before the workspace forgets them: the store counts each hour, every hour of which it
 * has more than we hold is read and compared with the count, and what is new is kept. Hours of the last two days are
 * counted again in each pass, for rows come late. What could not be read is on record and is tried again.
 * Rejects when the store did not answer at all; nothing is taken for read then. Where the canary could not be read it
 * rejects with that too, after the rows are kept: its hour is a gap, and the workspace forgets rows all the same.
 * Reads no rows while another instance does. It works by the vault's clock where this machine's is shown to be wrong by it.
 */
export async function collectRetrievals(collector: RetrievalCollector): Promise<RetrievalsCollected> {
  const place = collector.beside === true ? 'beside' : 'only';
  const [canary] = await Promise.allSettled([readCanaryOf(collector, place)]);
  const reads = canary.status === 'fulfilled' ? canary.value : [];
  const offsetMs = clockOffset(collector.now(), reads);
  const counts = await collectInTurn(
    { ...collector, now: () => new Date(collector.now().getTime() + offsetMs) },
    place,
  );
  if (canary.status === 'rejected') throw canary.reason;
  return { ...counts, canaryReads: reads.length };
}

/** Reads the canary of the hour; also a second time where this clock and the one of the pass before disagree, for the vault knows. */
async function readCanaryOf({ records, canary, now }: RetrievalCollector, place: CollectedLog) {
  if (canary === undefined) return [];
  const { state } = await readRetrievalCollection(records, place);
  const isDoubtful = Date.parse(state?.readTo ?? '') - now().getTime() > clockToleranceMs;
  return isDoubtful ? await readCanary(records, canary, now()) : await readCanaryOnceAnHour(records, canary, now());
}

/** What to add to a clock that the vault shows to be wrong; 0 where it agrees within minutes, or nothing was read. */
function clockOffset(now: Date, reads: readonly CanaryRead[]): number {
  if (reads.length === 0) return 0;
  const offsetMs = Math.max(...reads.map(({ at }) => Date.parse(at))) - now.getTime();
  return Math.abs(offsetMs) > clockToleranceMs ? offsetMs : 0;
}

async function collectInTurn(collector: RetrievalCollector, place: CollectedLog): Promise<RowsCollected> {
  const turn = await takeCollectionTurn(collector.records, place, collector.now);
  if (turn === null) return { rows: 0, slices: 0, intervalsNotRead: 0 };
  try {
    return await collectRows(collector, place, turn);
  } finally {
    await turn.end();
  }
}

/** Ends early where another instance takes the turn: it reads what is left, and what was kept in turn counts. */
async function collectRows(
  collector: RetrievalCollector,
  place: CollectedLog,
  turn: CollectionTurn,
): Promise<RowsCollected> {
  const {
    log,
    records,
    now,
    trace = untraced,
    instance = null,
    settlingMs = 30 * 60_000,
    lateTailMs = 48 * hourMs,
  } = collector;
  const until = now();
  const { state: saved, revision } = await readRetrievalCollection(records, place);
  const before = stateAt(saved, until, collector.firstPassMs ?? keptMs);
  const from = startOfPass(before, until, lateTailMs);
  const totals = await log.controlTotals({ from, to: until });

  const reader = createSliceReader({ log, records, now, turn });
  const held: Record<string, number> = {};
  const unread: UnreadInterval[] = [];
  const counts = { rows: 0, slices: 0 };
  for (const span of spansToRead({ from, until, totals, before })) {
    const outcome = await trace('collect a slice', {}, async (note) => {
      const read = await reader.read(span);
      note(read === null ? { outcome: 'left to another' } : { outcome: 'read', rows: read.added });
      return read;
    });
    if (outcome === null) return { ...counts, intervalsNotRead: unread.length };
    counts.rows += outcome.added;
    counts.slices += outcome.slices;
    unread.push(...outcome.unread);
    Object.assign(held, outcome.held);
  }
  if (instance !== null) await nameStampedJobs(records, reader.stamps().values(), { instance, now: until });
  const read = { before, from, until, held, unread, queries: reader.queries() };
  const state = stateAfter(read, { settlingMs, lateTailMs });
  if (await turn.renew()) await saveRetrievalCollection(records, state, revision, place);
  return { ...counts, intervalsNotRead: unread.length };
}

/** The state that a pass begins with. What was said to be read after `until` was said by a clock that was ahead, and is not believed. */
function stateAt(saved: RetrievalCollection | null, until: Date, firstPassMs: number): RetrievalCollection {
  if (saved === null || Date.parse(saved.since) > until.getTime()) return firstState(until, firstPassMs);
  if (Date.parse(saved.readTo) <= until.getTime()) return saved;
  const { jumpedFrom, ...state } = saved;
  // Without a jump it was ahead by less than the late tail, in which every hour is counted again.
  const believed = Math.min(Date.parse(jumpedFrom ?? saved.readTo), until.getTime());
  const readTo = Math.max(believed, until.getTime() - keptMs);
  return { ...state, readTo: new Date(readTo).toISOString() };
}

interface PassRead {
  readonly before: RetrievalCollection;
  readonly from: Date;
  readonly until: Date;
  readonly held: Readonly<Record<string, number>>;
  readonly unread: readonly UnreadInterval[];
  readonly queries: RetrievalCollection['queries'];
}

function stateAfter(
  { before, from, until, held, unread, queries }: PassRead,
  { settlingMs, lateTailMs }: { readonly settlingMs: number; readonly lateTailMs: number },
): RetrievalCollection {
  const { jumpedFrom, ...state } = before;
  const readTo = until.toISOString();
  const firstUnread = unread.map((one) => one.from).sort()[0] ?? readTo;
  const isJump = until.getTime() - Date.parse(before.readTo) > lateTailMs;
  // The oldest stays: the clock that jumped may jump again, and by none of its times can a jump be told to be old.
  const jump = jumpedFrom ?? (isJump ? before.readTo : undefined);
  return {
    ...state,
    readTo,
    watermark: new Date(Math.min(until.getTime() - settlingMs, Date.parse(firstUnread))).toISOString(),
    ...(jump !== undefined && { jumpedFrom: jump }),
    held: recent({ ...before.held, ...held }, from),
    unread: [...unread, ...before.unread.filter(({ to }) => Date.parse(to) <= from.getTime())],
    queries: { ...before.queries, ...queries },
  };
}

function firstState(until: Date, firstPassMs: number): RetrievalCollection {
  const since = new Date(hourOf(until.getTime() - firstPassMs)).toISOString();
  return { format: 1, since, readTo: since, watermark: since, held: {}, unread: [], queries: {} };
}

/**
 * The whole hour from which this pass counts: the late tail before the end of the one before, so that a pause of the service
 * loses no late row; all that was never read, and what could not be.
 */
function startOfPass({ readTo, unread, since }: RetrievalCollection, until: Date, lateTailMs: number): Date {
  const oldest = Math.min(
    Date.parse(readTo) - lateTailMs,
    // What is older than the workspace remembers is lost; asking again for ever would not bring it back.
    ...unread.map((one) => Date.parse(one.from)).filter((at) => until.getTime() - at < keptMs),
  );
  return new Date(Math.max(Date.parse(since), hourOf(oldest)));
}

/**
 * Hours that hold more in the store than with us, or were never read whole, joined to spans of at most 50,000 rows that
 * do not pass midnight. An hour whose count fits is left alone.
 */
function* spansToRead(pass: {
  readonly from: Date;
  readonly until: Date;
  readonly totals: ReadonlyMap<string, number>;
  readonly before: RetrievalCollection;
}): Generator<SpanToRead> {
  const { from, until, totals, before } = pass;
  let span: { from: Date; to: Date; rows: number; totals: Map<string, number> } | null = null;
  for (let hour = from.getTime(); hour < until.getTime(); hour += hourMs) {
    const name = hourName(hour);
    const total = totals.get(name) ?? 0;
    const end = new Date(Math.min(hour + hourMs, until.getTime()));
    const wanted = total !== (before.held[name] ?? 0) || end.getTime() > Date.parse(before.readTo);
    const joins = wanted && span !== null && hour % dayMs !== 0 && span.rows + total <= rowsPerSlice;
    if (span !== null && !joins) {
      yield span;
      span = null;
    }
    if (!wanted) continue;
    span ??= { from: new Date(hour), to: end, rows: 0, totals: new Map() };
    span.to = end;
    span.rows += total;
    span.totals.set(name, total);
  }
  if (span !== null) yield span;
}

/** Hours of this pass that hold rows; an hour that is absent holds none. */
function recent(held: RetrievalCollection['held'], from: Date): Record<string, number> {
  return Object.fromEntries(
    Object.entries(held).filter(([hour, rows]) => rows > 0 && Date.parse(hour) >= from.getTime()),
  );
}
