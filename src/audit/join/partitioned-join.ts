import { join } from 'node:path';
import { ServiceError } from '../../service-error.ts';
import type { Grade } from '../model/attribution.ts';
import type { OperationKind } from '../model/retrieval.ts';
import { type BucketDirectory, countBucketBytes } from './disk/bucket-file.ts';
import { entryBytes } from './entry.ts';
import type { GradedBlock } from './grade-block.ts';
import { mostShown } from './read-rows.ts';
import { everySlot, type IndexedBlock } from './index-entries.ts';
import type { FiledByHash, FiledByTime, JoinSetup } from './join-plan.ts';
import { type FiledEntries } from './join-thread.ts';
import type { LineWriter } from './disk/line-writer.ts';
import { createOrderedLines } from './disk/ordered-lines.ts';
import { allocateFilter } from './request-filter.ts';
import type { TextBlock } from './text-block.ts';
import { countUnreadable, type UnreadableRows } from '../files/count-unreadable.ts';
import { startThreads, type ThreadPool } from './thread-pool.ts';

/** What a join came to. */
export interface JoinedRows {
  readonly jobCount: number;
  /** Requests that receipts name, or receipts without one. */
  readonly receiptCount: number;
  readonly rows: number;
  readonly kinds: Readonly<Partial<Record<OperationKind, number>>>;
  readonly grades: Readonly<Partial<Record<Grade, number>>>;
  readonly unreadable: number;
  readonly unreadableRows: readonly { readonly place: string; readonly reason: string }[];
  readonly unreadableReasons: readonly UnreadableRows[];
}

/**
 * Joins rows to jobs and receipts with memory that follows what one window of time holds. First it finds where each job
 * and receipt is in its file, by hash and by time; then it grades the rows, each block by the windows that they lie in.
 * Rows of a block that is out of order are put by, on disk, until their window's turn. The lines come in the order of the
 * rows, and are those of an attributor over everything.
 * @throws ServiceError `RECORD_UNREADABLE` for an invalid job or receipt, before the first line.
 */
export async function joinPartitioned(setup: JoinSetup, openOutput: () => Promise<LineWriter>): Promise<JoinedRows> {
  const threads = startThreads(setup);
  try {
    const { byTime, byHash: _byHash, ...counts } = await fileEntries(setup, threads);
    await threads.all('openByTime', byTime);
    const output = await openOutput();
    try {
      return { ...counts, ...(await gradeRows(setup, threads, output)) };
    } finally {
      await output.end();
    }
  } finally {
    await threads.close();
  }
}

/** Entries that a thread holds while it files them by time. */
const entriesAStep = 16_384;

/** Files the jobs and receipts by hash and by time, for threads of any kind. */
export async function fileEntries(setup: JoinSetup, threads: ThreadPool) {
  const jobs = await indexAll(threads, 'indexJobs', setup.jobs);
  const receipts = await indexAll(threads, 'indexReceipts', setup.receipts);
  const byHash: FiledByHash = {
    ...together(await threads.all('closeIndex', null)),
    firstLines: firstLines(setup.receipts, receipts),
    linesBefore: linesBefore(receipts),
    jobCount: count(jobs),
    filter: allocateFilter(count(receipts)),
  };
  await threads.all('openByHash', byHash);
  const pieces = Math.min(setup.buckets, Math.ceil((count(jobs) + count(receipts)) / entriesAStep) + 1);
  const ranges = Array.from({ length: pieces }, (_, index) => ({
    from: Math.floor((index * setup.buckets) / pieces),
    to: Math.floor(((index + 1) * setup.buckets) / pieces),
  }));
  for await (const _ of threads.spread('fileByTime', ranges));
  const filed = together(await threads.all('closeTimes', null));
  const windows = planWindows([...filed.jobs, ...filed.receipts], setup.division.entriesAWindow);
  const byTime: FiledByTime = { ...filed, windows };
  return { byHash, byTime, jobCount: byHash.jobCount, receiptCount: count(receipts) };
}

/** @throws ServiceError `RECORD_UNREADABLE` with the place of the first invalid entry. */
async function indexAll(
  threads: ThreadPool,
  method: 'indexJobs' | 'indexReceipts',
  blocks: readonly TextBlock[],
): Promise<readonly IndexedBlock[]> {
  const indexed: IndexedBlock[] = [];
  for await (const one of threads.spread(method, [...blocks.keys()])) {
    indexed.push(one);
    const block = blocks[indexed.length - 1];
    if (one.fault === null || block === undefined) continue;
    const first = firstLines(blocks, indexed)[indexed.length - 1] ?? 1;
    const path = placeOf(block, first + one.fault.line);
    throw new ServiceError('RECORD_UNREADABLE', { path, reason: one.fault.reason });
  }
  return indexed;
}

/** Number of the first line of each block in its file, from 1. */
function firstLines(blocks: readonly TextBlock[], read: readonly { readonly lines: number }[]): number[] {
  let next = 1;
  return blocks.map(({ from }, index) => {
    const first = from === 0 ? 1 : next;
    next = first + (read[index]?.lines ?? 0);
    return first;
  });
}

function linesBefore(read: readonly { readonly lines: number }[]): number[] {
  let before = 0;
  return read.map(({ lines }) => {
    const start = before;
    // A document counts as one line.
    before += Math.max(1, lines);
    return start;
  });
}

function placeOf({ name, isDocument }: TextBlock, line: number): string {
  return isDocument ? name : `${name}:${String(line)}`;
}

function together(filed: readonly FiledEntries[]): { jobs: BucketDirectory[]; receipts: BucketDirectory[] } {
  return { jobs: filed.map(({ jobs }) => jobs), receipts: filed.map(({ receipts }) => receipts) };
}

function count(blocks: readonly IndexedBlock[]): number {
  return blocks.reduce((sum, { entries }) => sum + entries, 0);
}

/** Cuts time where neighbouring slots together would have too many entries. */
function planWindows(filed: readonly BucketDirectory[], most: number): number[] {
  const slots = [...countBucketBytes(filed)]
    .filter(([slot]) => slot !== everySlot)
    .sort(([one], [other]) => one - other);
  const windows: number[] = [];
  let entries = 0;
  for (const [slot, bytes] of slots) {
    const more = bytes / entryBytes;
    if (entries > 0 && entries + more > most) {
      windows.push(slot);
      entries = 0;
    }
    entries += more;
  }
  return windows;
}

async function gradeRows(
  setup: JoinSetup,
  threads: ThreadPool,
  output: LineWriter,
): Promise<Omit<JoinedRows, 'jobCount' | 'receiptCount'>> {
  const blocks = setup.retrievals;
  const lines = createOrderedLines(output, join(setup.folder, 'lines'));
  const graded: Omit<GradedBlock, 'text'>[] = [];
  const grades = new Map<Grade, number>();
  for await (const { text, ...one } of threads.spread('grade', [...blocks.keys()])) {
    await lines.add(graded.length, text, one.putBy > 0);
    graded.push(one);
    addCounts(grades, one.grades);
  }
  const late = lines.close();
  if (late !== null) {
    for (const one of await gradePutBy(threads)) addCounts(grades, one);
    const filed = (await threads.all('closeLines', null)).filter((directory) => directory !== null);
    await threads.all('openLines', [...filed, late.filed]);
    const positions = [...blocks.keys()].slice(late.from);
    for await (const { text } of threads.spread('takeLines', positions)) if (text.length > 0) await output.add(text);
  }
  return summarize(blocks, graded, grades);
}

/** Grades the rows that were put by, window after window. */
async function gradePutBy(threads: ThreadPool): Promise<readonly ReadonlyMap<Grade, number>[]> {
  const filed = (await threads.all('closePutBy', null)).filter((directory) => directory !== null);
  await threads.all('openPutBy', filed);
  const windows = [...countBucketBytes(filed).keys()].sort((one, other) => one - other);
  const graded: ReadonlyMap<Grade, number>[] = [];
  for await (const one of threads.spread('gradePutBy', windows)) graded.push(one);
  return graded;
}

function summarize(
  blocks: readonly TextBlock[],
  graded: readonly Omit<GradedBlock, 'text'>[],
  grades: ReadonlyMap<Grade, number>,
): Omit<JoinedRows, 'jobCount' | 'receiptCount'> {
  const kinds = new Map<OperationKind, number>();
  for (const one of graded) addCounts(kinds, one.kinds);
  const starts = firstLines(blocks, graded);
  const unreadableRows = blocks.flatMap((block, index) =>
    (graded[index]?.unreadableRows ?? []).map(({ line, reason }) => ({
      place: placeOf(block, (starts[index] ?? 1) + line),
      reason,
    })),
  );
  const reasons = countUnreadable();
  for (const [index, block] of blocks.entries()) {
    for (const [reason, first] of graded[index]?.unreadableReasons ?? []) {
      reasons.add(placeOf(block, (starts[index] ?? 1) + first.line), reason, first.count);
    }
  }
  return {
    rows: graded.reduce((sum, { rows }) => sum + rows, 0),
    kinds: Object.fromEntries(kinds),
    grades: Object.fromEntries(grades),
    unreadable: graded.reduce((sum, { unreadable }) => sum + unreadable, 0),
    unreadableRows: unreadableRows.slice(0, mostShown),
    unreadableReasons: reasons.all(),
  };
}

function addCounts<Name extends string>(sums: Map<Name, number>, more: ReadonlyMap<Name, number>): void {
  for (const [name, some] of more) sums.set(name, (sums.get(name) ?? 0) + some);
}
