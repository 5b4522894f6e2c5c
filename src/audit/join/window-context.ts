import { indexJobs, type JobIndex, rememberLast } from '../attribution/job-index.ts';
import {
  answeredAt,
  byChannelAndReference,
  createClaim,
  type ReceiptClaim,
  type ReceiptClaims,
} from '../attribution/receipt-index.ts';
import type { Job } from '../model/job.ts';
import { jobKey } from '../model/job-name.ts';
import { type BucketReader, openBuckets, spareBytes } from './bucket-file.ts';
import { decodeEntries, type Entry, findEntries } from './entry.ts';
import { createEntryTable } from './entry-table.ts';
import { bucketOf, everySlot } from './index-entries.ts';
import type { FiledByHash, FiledByTime, JoinSetup } from './join-plan.ts';
import { type NumberedReceipt, readFiledJob, readFiledReceipt, readLedgerReceipt } from './read-filed.ts';
import { toLedgerReceipt } from '../files/read-receipt-file.ts';
import { createReceiptScanner, type ReceiptScanner } from './receipt-scanner.ts';
import { openFilter } from './request-filter.ts';
import { blockAt, type BlockReader, type TextBlock } from './text-block.ts';
import { hashText } from './text-hash.ts';

/** The jobs and receipts that the rules may ask about. */
export interface WindowIndexes {
  readonly jobs: JobIndex;
  readonly receipts: WindowClaims;
}

interface WindowClaims extends ReceiptClaims {
  /** Whether a receipt may name an id with this `hashText`; never `false` of one that is named. */
  mayClaim(hash: number): boolean;
}

export interface WindowLoader {
  /** The number of the window that a moment (milliseconds) lies in. */
  windowOf(moment: number): number;
  /** Whether the window is in memory. */
  isHeld(window: number): boolean;
  load(window: number): WindowIndexes;
  /** The receipts that were answered in the window, ascending by that, then number. */
  receiptsOf(window: number): readonly WindowReceipt[];
  close(): void;
}

export interface WindowReceipt extends NumberedReceipt {
  /** When it was answered; milliseconds. */
  readonly at: number;
  /** Whether other receipts name its last request too. */
  readonly isShared: boolean;
}

/**
 * Loads what counts in one window of time: its jobs, and its receipts as bytes. Whatever a row names that belongs to
 * another window is found on disk by its hash, so that every answer is that of an index over everything.
 */
export function createWindowLoader(
  setup: JoinSetup,
  reader: BlockReader,
  byHash: FiledByHash,
  byTime: FiledByTime,
  scanner: ReceiptScanner = createReceiptScanner(),
): WindowLoader {
  const { windows } = byTime;
  const filed = { jobs: openBuckets(byTime.jobs), receipts: openBuckets(byTime.receipts) };
  const elsewhere = createLookup(setup, reader, byHash, scanner);
  /** For the jobs of one window at a time. */
  const memory: Memory = { bytes: Buffer.alloc(0) };
  const always = readJobs(decodeEntries(filed.jobs.read(everySlot, everySlot + 1)), setup, reader, memory);
  const held = new Map<number, HeldWindow>();
  let last: { readonly window: number; readonly indexes: WindowIndexes } | null = null;

  function load(window: number): WindowIndexes {
    // Neighbouring rows are nearly always of one window.
    if (last?.window === window) return last.indexes;
    const known = held.get(window) ?? read(window, release());
    held.delete(window);
    held.set(window, known);
    last = { window, indexes: known.indexes };
    return known.indexes;
  }

  /** Lets go of the window that was asked for longest ago, if too many are held. Returns its memory, or new one. */
  function release(): Memory {
    const [oldest] = held;
    if (oldest === undefined || held.size < setup.division.windowsHeld) return { bytes: Buffer.alloc(0) };
    const [window, { receipts }] = oldest;
    held.delete(window);
    return receipts;
  }

  const boundsOf = (window: number) => ({
    from: window === 0 ? everySlot + 1 : (windows[window - 1] ?? 0),
    to: windows[window] ?? Number.MAX_SAFE_INTEGER,
  });

  function receiptsOf(window: number): readonly WindowReceipt[] {
    const { from, to } = boundsOf(window);
    const entries = [...decodeEntries(filed.receipts.read(from, to))].sort(byPlace);
    const records = readTogether(entries, setup.receipts, reader, { bytes: Buffer.alloc(0) });
    const found = new Map<number, WindowReceipt>();
    for (const [index, { block, line, hash, isShared }] of entries.entries()) {
      const kept = elsewhere.receiptAt({ block, line }, records, index);
      // A receipt counts where its last request was answered, and was filed once for each request.
      const isLast = hashText(kept.receipt.requests.at(-1)?.id.toLowerCase() ?? '') === hash;
      if (isLast) found.set(kept.number, { ...kept, at: answeredAt(kept.receipt), isShared });
    }
    return [...found.values()].sort((one, other) => one.at - other.at || one.number - other.number);
  }

  function read(window: number, receipts: Memory): HeldWindow {
    const { from, to } = boundsOf(window);
    const jobs = readJobs(decodeEntries(filed.jobs.read(from, to)), setup, reader, memory);
    const indexes = {
      jobs: combineJobs(indexJobs([...always, ...jobs]), elsewhere),
      receipts: indexWindowReceipts(filed.receipts.read(from, to), setup, reader, elsewhere, receipts),
    };
    return { indexes, receipts };
  }

  return {
    windowOf: (moment) => countUpTo(windows, Math.floor(moment / setup.division.slotMs)),
    isHeld: (window) => held.has(window),
    load,
    receiptsOf,
    close() {
      filed.jobs.close();
      filed.receipts.close();
      elsewhere.close();
    },
  };
}

/** The bytes of records. It is used again, because memory outside of the heap is freed late. */
interface Memory {
  bytes: Buffer;
}

interface HeldWindow {
  readonly indexes: WindowIndexes;
  /** What `indexes.receipts` reads: when another window takes it, these indexes must not be asked any more. */
  readonly receipts: Memory;
}

function readJobs(entries: Iterable<Entry>, { jobs }: JoinSetup, reader: BlockReader, memory: Memory): Job[] {
  // A job that ran in several slots was filed in each.
  const unique = new Map<string, Entry>();
  for (const entry of entries) unique.set(`${String(entry.block)}:${String(entry.offset)}`, entry);
  const sorted = [...unique.values()].sort(byPlace);
  const records = readTogether(sorted, jobs, reader, memory);
  return sorted.map(({ block }, index) => readFiledJob(JSON.parse(textAt(records, index)), blockAt(jobs, block).name));
}

function combineJobs(local: JobIndex, elsewhere: Lookup): JobIndex {
  return {
    size: elsewhere.jobCount,
    find: rememberLast((numbers) => local.find(numbers) ?? elsewhere.job(numbers)),
    running: (identity, at, slackMs) => local.running(identity, at, slackMs),
  };
}

function indexWindowReceipts(
  filed: Buffer,
  { receipts }: JoinSetup,
  reader: BlockReader,
  elsewhere: Lookup,
  memory: Memory,
): WindowClaims {
  const entries = [...decodeEntries(filed)].sort(byPlace);
  const records = readTogether(entries, receipts, reader, memory);
  const table = createEntryTable(entries);
  return {
    mayClaim: (hash) => table.find(hash) !== -1 || elsewhere.mayClaim(hash),
    claims(correlationId) {
      const hash = hashText(correlationId);
      const position = table.find(hash);
      if (position === -1 || table.isShared(position)) return elsewhere.claims(correlationId, hash);
      const place = { block: table.block(position), line: table.line(position) };
      const claim = elsewhere.claimOf(place, records, position, correlationId);
      return claim === null ? [] : [claim];
    },
  };
}

type ReceiptPlace = Pick<Entry, 'block' | 'line'>;

interface Lookup {
  readonly jobCount: number;
  job(numbers: Parameters<JobIndex['find']>[0]): Job | null;
  mayClaim(hash: number): boolean;
  claims(correlationId: string, hash: number): readonly ReceiptClaim[];
  claimOf(place: ReceiptPlace, records: Records, position: number, correlationId: string): ReceiptClaim | null;
  receiptAt(place: ReceiptPlace, records: Records, position: number): NumberedReceipt;
  close(): void;
}

const mostRemembered = 2_000;

/** Finds jobs and receipts of any time on disk. */
function createLookup(setup: JoinSetup, reader: BlockReader, byHash: FiledByHash, scanner: ReceiptScanner): Lookup {
  const filter = openFilter(byHash.filter);
  const filed = { jobs: openBuckets(byHash.jobs), receipts: openBuckets(byHash.receipts) };
  const jobs = new Map<string, Job | null>();

  const entriesOf = (buckets: BucketReader, hash: number): Entry[] => {
    const bucket = bucketOf(hash, setup.buckets);
    return findEntries(buckets.read(bucket, bucket + 1), hash);
  };
  const recordOf = (blocks: readonly TextBlock[], { block, offset, length }: Entry): Records => ({
    bytes: reader.bytesAt(blockAt(blocks, block), offset, length),
    starts: Float64Array.of(0),
    lengths: Int32Array.of(length),
  });

  function claimOf(
    entry: ReceiptPlace,
    records: Records,
    position: number,
    correlationId: string,
  ): ReceiptClaim | null {
    const kept = receiptAt(entry, records, position);
    const request = kept.receipt.requests.find(({ id }) => id.toLowerCase() === correlationId);
    return request === undefined ? null : createClaim(kept, request);
  }

  function receiptAt(entry: ReceiptPlace, records: Records, position: number): NumberedReceipt {
    const { name, isDocument } = blockAt(setup.receipts, entry.block);
    const number = (byHash.linesBefore[entry.block] ?? 0) + entry.line;
    const value = readReceipt(scanner, records, position);
    if (setup.isLedger) return readLedgerReceipt(value, name, number);
    const line = (byHash.firstLines[entry.block] ?? 0) + entry.line;
    const place = isDocument ? name : `${name}:${String(line)}`;
    return { ...toLedgerReceipt(readFiledReceipt(value, name, place)), number };
  }

  function findJob(numbers: Parameters<JobIndex['find']>[0], key: string): Job | null {
    const found = entriesOf(filed.jobs, hashText(key)).map((entry) =>
      readFiledJob(JSON.parse(textAt(recordOf(setup.jobs, entry), 0)), blockAt(setup.jobs, entry.block).name),
    );
    return indexJobs(found).find(numbers);
  }

  return {
    jobCount: byHash.jobCount,
    claimOf,
    receiptAt,
    mayClaim: (hash) => filter.mayHave(hash),
    job(numbers) {
      const key = jobKey(numbers);
      const known = jobs.get(key);
      if (known !== undefined) return known;
      if (jobs.size >= mostRemembered) jobs.clear();
      const job = findJob(numbers, key);
      jobs.set(key, job);
      return job;
    },
    claims(correlationId, hash) {
      if (!filter.mayHave(hash)) return [];
      // A receipt that names the id twice was filed twice.
      const unique = new Map(
        entriesOf(filed.receipts, hash).map((entry) => [`${String(entry.block)}:${String(entry.offset)}`, entry]),
      );
      return [...unique.values()]
        .flatMap((entry) => claimOf(entry, recordOf(setup.receipts, entry), 0, correlationId) ?? [])
        .sort(byChannelAndReference);
    },
    close() {
      filed.jobs.close();
      filed.receipts.close();
    },
  };
}

/** A gap between records that costs less to read than a second read would. */
const mostGap = 4_096;

/** Records of a file, in one piece of memory. */
interface Records {
  readonly bytes: Buffer;
  readonly starts: Float64Array;
  readonly lengths: Int32Array;
}

function textAt({ bytes, starts, lengths }: Records, position: number): string {
  const start = starts[position] ?? 0;
  return bytes.toString('utf8', start, start + (lengths[position] ?? 0));
}

/** What a line of receipts says, as its JSON has it; of a ledger also how the receipt was kept. */
function readReceipt(scanner: ReceiptScanner, records: Records, position: number): unknown {
  const start = records.starts[position] ?? 0;
  const form = scanner.match(records.bytes, start, start + (records.lengths[position] ?? 0));
  if (form !== null) return form.value(records.bytes, start);
  const text = textAt(records, position);
  const value: unknown = JSON.parse(text);
  scanner.learn(text, value);
  return value;
}

/** Reads neighbouring records in one go into the memory, in the order of `sorted`. */
function readTogether(
  sorted: readonly Entry[],
  blocks: readonly TextBlock[],
  reader: BlockReader,
  memory: Memory,
): Records {
  const runs = findRuns(sorted, blocks);
  const length = runs.reduce((sum, { from, to }) => sum + to - from, 0) + spareBytes;
  if (memory.bytes.length < length) memory.bytes = Buffer.allocUnsafeSlow(Math.ceil(1.25 * length));
  const { bytes } = memory;
  const starts = new Float64Array(sorted.length);
  const lengths = Int32Array.from(sorted, (entry) => entry.length);
  let position = 0;
  let filled = 0;
  for (const { block, from, to, entries } of runs) {
    reader.readAt(block, from, bytes.subarray(filled, filled + to - from));
    for (const { offset } of entries) {
      starts[position] = filled + offset - from;
      position += 1;
    }
    filled += to - from;
  }
  return { bytes, starts, lengths };
}

/** Entries whose records are near each other in one file. */
interface Run {
  readonly block: TextBlock;
  readonly from: number;
  to: number;
  readonly entries: Entry[];
}

function findRuns(sorted: readonly Entry[], blocks: readonly TextBlock[]): readonly Run[] {
  const runs: Run[] = [];
  for (const entry of sorted) {
    const block = blockAt(blocks, entry.block);
    const { offset, length } = entry;
    const last = runs.at(-1);
    if (last !== undefined && last.block.path === block.path && offset >= last.from && offset <= last.to + mostGap) {
      last.to = Math.max(last.to, offset + length);
      last.entries.push(entry);
    } else runs.push({ block, from: offset, to: offset + length, entries: [entry] });
  }
  return runs;
}

function byPlace(one: Entry, other: Entry): number {
  return one.block - other.block || one.offset - other.offset;
}

/** How many of the ascending numbers are at most `most`. */
function countUpTo(ascending: readonly number[], most: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) <= most) low = middle + 1;
    else high = middle;
  }
  return low;
}
