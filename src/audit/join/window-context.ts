import { indexJobs, type JobIndex, rememberLast } from '../attribution/job-index.ts';
import {
  answeredAt,
  byChannelAndReference,
  createClaim,
  type ReceiptClaim,
  type ReceiptClaims,
} from '../attribution/receipt-index.ts';
import type { Receipt } from '../../provenance/receipt.ts';
import type { Job } from '../model/job.ts';
import { jobKey } from '../model/job-name.ts';
import type { LineMemory } from '../parsing/line-memory.ts';
import { type BucketReader, openBuckets } from './disk/bucket-file.ts';
import { Entries, type Entry } from './entry.ts';
import { createEntryTable } from './entry-table.ts';
import { bucketOf, everySlot } from './index-entries.ts';
import type { FiledByHash, FiledByTime, JoinSetup } from './join-plan.ts';
import { type NumberedReceipt, readFiledJob, readFiledReceipt, readLedgerReceipt } from './read-filed.ts';
import { receiptReference, toLedgerReceipt } from '../files/read-receipt-file.ts';
import { createReceiptScanner, type ReceiptScanner } from './receipt-scanner.ts';
import { openFilter } from './request-filter.ts';
import { blockAt, type BlockReader, type TextBlock } from './text-block.ts';
import { hashText } from './text-hash.ts';
import { createTextRoom, type TextRoom } from '../parsing/text-room.ts';

/** The jobs and receipts that the rules may ask about. */
export interface WindowIndexes {
  readonly jobs: JobIndex;
  readonly receipts: WindowClaims;
}

interface WindowClaims extends ReceiptClaims {
  /** `hash`: of the id, where it is known. */
  claims(correlationId: string, hash?: number): readonly ReceiptClaim[];
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
  lines: LineMemory | null = null,
): WindowLoader {
  const { windows } = byTime;
  const filed = { jobs: openBuckets(byTime.jobs), receipts: openBuckets(byTime.receipts) };
  const elsewhere = createLookup(setup, reader, byHash, scanner);
  /** For the jobs of one window at a time. */
  const room = createTextRoom(lines, usualBytes);
  const always = readJobs(new Entries(filed.jobs.read(everySlot, everySlot + 1)), setup, reader, room);
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

  /** Lets go of the window that was asked for longest ago, if too many are held. Returns its room, or new one. */
  function release(): TextRoom {
    const [oldest] = held;
    if (oldest === undefined || held.size < setup.division.windowsHeld) return createTextRoom(lines, usualBytes);
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
    const entries = new Entries(filed.receipts.read(from, to));
    const order = entries.byPlace();
    const records = readTogether(entries, order, setup.receipts, reader, room);
    const found = new Map<number, WindowReceipt>();
    for (const position of order) {
      const { hash, isShared, ...place } = entries.at(position);
      const kept = elsewhere.receiptAt(place, records, position);
      // A receipt counts where its last request was answered, and was filed once for each request.
      const isLast = hashText(kept.receipt.requests.at(-1)?.id.toLowerCase() ?? '') === hash;
      if (isLast) found.set(kept.number, { ...kept, at: answeredAt(kept.receipt), isShared });
    }
    return [...found.values()].sort((one, other) => one.at - other.at || one.number - other.number);
  }

  function read(window: number, receipts: TextRoom): HeldWindow {
    const { from, to } = boundsOf(window);
    const jobs = readJobs(new Entries(filed.jobs.read(from, to)), setup, reader, room);
    const indexes = {
      jobs: combineJobs(indexJobs([...always, ...jobs]), elsewhere),
      receipts: indexWindowReceipts(filed.receipts.read(from, to), setup, reader, elsewhere, receipts),
    };
    return { indexes, receipts };
  }

  return {
    windowOf: (moment) => countUpTo(windows, Math.floor(moment / setup.division.slotMs)),
    isHeld: (window) => last?.window === window || held.has(window),
    load,
    receiptsOf,
    close() {
      filed.jobs.close();
      filed.receipts.close();
      elsewhere.close();
    },
  };
}

/** The receipts of most windows have fewer bytes. */
const usualBytes = 3 << 19;

interface HeldWindow {
  readonly indexes: WindowIndexes;
  /** What `indexes.receipts` reads: when another window takes it, these indexes must not be asked any more. */
  readonly receipts: TextRoom;
}

function readJobs(entries: Entries, { jobs }: JoinSetup, reader: BlockReader, room: TextRoom): Job[] {
  const order = entries.byPlace();
  const records = readTogether(entries, order, jobs, reader, room);
  const found: Job[] = [];
  let last = -1;
  for (const position of order) {
    const block = entries.block(position);
    // A job that ran in several slots was filed in each.
    const isSame = last !== -1 && entries.block(last) === block && entries.offset(last) === entries.offset(position);
    last = position;
    if (!isSame) found.push(readFiledJob(JSON.parse(textAt(records, position)), blockAt(jobs, block).name));
  }
  return found;
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
  room: TextRoom,
): WindowClaims {
  // The piece is read into memory that is used again.
  const entries = new Entries(new Uint8Array(filed));
  const order = entries.byPlace();
  const records = readTogether(entries, order, receipts, reader, room);
  const table = createEntryTable(entries);
  for (const position of order) table.add(position);
  return {
    mayClaim: (hash) => table.find(hash) !== -1 || elsewhere.mayClaim(hash),
    claims(correlationId, hash = hashText(correlationId)) {
      const position = table.find(hash);
      if (position === -1 || entries.isShared(position)) return elsewhere.claims(correlationId, hash);
      const place = { block: entries.block(position), line: entries.line(position) };
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
    return new Entries(buckets.read(bucket, bucket + 1)).find(hash);
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
    if (setup.isLedger) return readLedgerReceipt(readReceipt(scanner, records, position), name, number);
    const line = (byHash.firstLines[entry.block] ?? 0) + entry.line;
    const place = isDocument ? name : `${name}:${String(line)}`;
    const form = matchReceipt(scanner, records, position);
    if (form?.isPosted === true) return postedReceipt(form.receipt(records.bytes), place, number);
    return { ...toLedgerReceipt(readFiledReceipt(readReceipt(scanner, records, position), name, place)), number };
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

/** What `toLedgerReceipt` makes of a receipt that was posted. */
function postedReceipt(receipt: Receipt, place: string, number: number): NumberedReceipt {
  return { receipt, channel: 'posted', log: null, reference: receiptReference(place), number };
}

function matchReceipt(scanner: ReceiptScanner, { bytes, starts, lengths }: Records, position: number) {
  const start = starts[position] ?? 0;
  return scanner.match(bytes, start, start + (lengths[position] ?? 0));
}

/** What a line of receipts says, as its JSON has it; of a ledger also how the receipt was kept. */
function readReceipt(scanner: ReceiptScanner, records: Records, position: number): unknown {
  const form = matchReceipt(scanner, records, position);
  if (form !== null) return form.value(records.bytes, records.starts[position] ?? 0);
  const text = textAt(records, position);
  const value: unknown = JSON.parse(text);
  scanner.learn(text, value);
  return value;
}

/** Reads neighbouring records in one go into the room. Returns where each is, by its entry's position. */
function readTogether(
  entries: Entries,
  order: Int32Array,
  blocks: readonly TextBlock[],
  reader: BlockReader,
  room: TextRoom,
): Records {
  const runs = findRuns(entries, order, blocks);
  const { bytes, at } = room.ofBytes(runs.reduce((sum, { from, to }) => sum + to - from, 0));
  const starts = new Float64Array(entries.count);
  const lengths = new Int32Array(entries.count);
  let next = 0;
  let filled = at;
  for (const { block, from, to, count } of runs) {
    reader.readAt(block, from, bytes.subarray(filled, filled + to - from));
    for (const position of order.subarray(next, next + count)) {
      starts[position] = filled + entries.offset(position) - from;
      lengths[position] = entries.length(position);
    }
    next += count;
    filled += to - from;
  }
  return { bytes, starts, lengths };
}

/** Entries that follow each other in order and whose records are near each other in one file. */
interface Run {
  readonly block: TextBlock;
  readonly from: number;
  to: number;
  count: number;
}

function findRuns(entries: Entries, order: Int32Array, blocks: readonly TextBlock[]): readonly Run[] {
  const runs: Run[] = [];
  for (const position of order) {
    const block = blockAt(blocks, entries.block(position));
    const from = entries.offset(position);
    const to = from + entries.length(position);
    const last = runs.at(-1);
    if (last !== undefined && last.block.path === block.path && from >= last.from && from <= last.to + mostGap) {
      last.to = Math.max(last.to, to);
      last.count += 1;
    } else runs.push({ block, from, to, count: 1 });
  }
  return runs;
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
