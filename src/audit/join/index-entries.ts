import { newerVersion } from '../../records/newer-version.ts';
import { ServiceError } from '../../service-error.ts';
import { indexJobs, jobSlackMs, spanOf } from '../attribution/job-index.ts';
import type { Job } from '../model/job.ts';
import { jobKey } from '../model/job-name.ts';
import { checkJob } from '../files/check-job.ts';
import type { BucketWriter } from './disk/bucket-file.ts';
import { Entries, type Entry, encodeEntry, entryBytes } from './entry.ts';
import { createEntryTable } from './entry-table.ts';
import { instantOf } from '../parsing/moment.ts';
import type { JobScanner } from '../files/job-scanner.ts';
import { isNestedTooDeeply } from '../files/nesting.ts';
import { parseFiledReceipt } from '../files/read-receipt-file.ts';
import type { RequestFilter } from './request-filter.ts';
import type { ReceiptScanner } from './receipt-scanner.ts';
import type { BlockLine, BlockReader, TextBlock } from './text-block.ts';
import { hashDashed, hashRange, hashText } from './text-hash.ts';

/** What one block of jobs or receipts held. */
export interface IndexedBlock {
  readonly lines: number;
  readonly entries: number;
  /** The first invalid entry; the rest of the block was not read. */
  readonly fault: { readonly line: number; readonly reason: string } | null;
}

/** A job that runs longer than this many slots is filed once, for all windows. */
const mostSlots = 48;
/** The slot of jobs that are loaded with every window; before any real one. */
export const everySlot = -(2 ** 31);

const invalid = 'it is not a valid entry';

/** Finds and files the entries of blocks. */
export type BlockIndexer = (block: TextBlock, number: number) => IndexedBlock;

/** Finds every job of a block and files it by its key. */
export function createJobIndexer(
  reader: BlockReader,
  filed: BucketWriter,
  buckets: number,
  scanner: JobScanner,
): BlockIndexer {
  function add(hash: number, from: number, to: number, given: BlockLine, block: number): number {
    const { line, offset } = given;
    const length = given.to - given.from;
    filed.add(bucketOf(hash, buckets), encodeEntry({ hash, from, to, offset, length, block, line, isShared: false }));
    return 1;
  }
  const scan: ScanLine = (line, { number }) => {
    const job = scanner.scan(line.bytes, line.from, line.to);
    return job === null
      ? null
      : add(hashDashed(line.bytes, job.starts, job.ends, job.key), job.from, job.to, line, number);
  };
  return createIndexer(reader, scan, (value, line, { number, isDocument, text }) => {
    const job = checkJob(value, '');
    if (!isDocument) scanner.learn(text, value);
    const span = spanOf(job);
    return add(hashText(jobKey(job)), span?.from ?? Number.NaN, span?.to ?? Number.NaN, line, number);
  });
}

/** Finds every receipt of a block and files it by each request id. */
export function createReceiptIndexer(
  reader: BlockReader,
  filed: BucketWriter,
  buckets: number,
  scanner: ReceiptScanner,
): BlockIndexer {
  /** The line in hand, and the number of its block. */
  let current: BlockLine | null = null;
  let block = 0;
  const add = (hash: number, answered: number) => {
    if (current === null) return;
    const { line, offset, from, to } = current;
    const entry = { hash, from: answered, to: answered, offset, length: to - from, block, line, isShared: false };
    filed.add(bucketOf(hash, buckets), encodeEntry(entry));
  };
  const scan: ScanLine = (line, { number }) => {
    const form = scanner.match(line.bytes, line.from, line.to);
    if (form === null || !form.isValid(line.bytes)) return null;
    current = line;
    block = number;
    return Math.max(1, form.visitRequests(line.bytes, add));
  };
  return createIndexer(reader, scan, (value, line, { number, isDocument, text }) => {
    const parsed = parseFiledReceipt(value, '');
    if (parsed === null)
      throw new ServiceError('RECORD_UNREADABLE', { path: '', reason: newerVersion(value) ?? invalid });
    const { receipt } = parsed;
    if (!isDocument) scanner.learn(text, value);
    current = line;
    block = number;
    for (const { id, at } of receipt.requests)
      add(hashText(id.toLowerCase()), instantOf(at) + (receipt.clockOffsetMs ?? 0));
    // One without a request counts as given, and no row asks for it.
    return Math.max(1, receipt.requests.length);
  });
}

export function bucketOf(hash: number, buckets: number): number {
  return Math.floor((hash / hashRange) * buckets);
}

/** The block in hand. */
interface BlockPlace {
  readonly number: number;
  readonly isDocument: boolean;
}

/** Counts and files the entries of a line by its bytes; `null`: its JSON decides. */
type ScanLine = (line: BlockLine, block: BlockPlace) => number | null;
/** Counts and files the entries of what a line says. */
type IndexValue = (value: unknown, line: BlockLine, block: BlockPlace & { readonly text: string }) => number;

/** The indexer is made once for all blocks: functions that are made for each block are compiled for each. */
function createIndexer(reader: BlockReader, scan: ScanLine, index: IndexValue): BlockIndexer {
  let block: BlockPlace = { number: 0, isDocument: false };
  let entries = 0;
  let fault: IndexedBlock['fault'] = null;

  function indexText(line: BlockLine): number {
    const text = line.text();
    return index(isNestedTooDeeply(text) ? null : parseOrNull(text), line, { ...block, text });
  }

  function visit(line: BlockLine): void {
    if (fault !== null) return;
    try {
      entries += scan(line, block) ?? indexText(line);
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_UNREADABLE')) throw error;
      fault = { line: line.line, reason: error.details.reason };
    }
  }

  return (one, number) => {
    block = { number, isDocument: one.isDocument };
    entries = 0;
    fault = null;
    const lines = reader.read(one, visit);
    return { lines, entries, fault };
  };
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ServiceError('RECORD_UNREADABLE', { path: '', reason: invalid });
  }
}

/**
 * Files jobs by the slots in which they ran. Of several records of one attempt only the one that counts is filed:
 * `readJob` returns an entry's record. `byHash`: all entries of some hashes.
 */
export function fileJobsByTime(
  byHash: Buffer,
  slotMs: number,
  filed: BucketWriter,
  readJob: (entry: Entry) => Job,
): void {
  const entries = new Entries(byHash);
  const file = (bytes: Buffer, position: number, from: number, to: number) => {
    const first = Math.floor((from - jobSlackMs) / slotMs);
    const last = Math.floor((to + jobSlackMs) / slotMs);
    const at = position * entryBytes;
    if (last - first >= mostSlots) filed.add(everySlot, bytes, at, at + entryBytes);
    else for (let slot = first; slot <= last; slot += 1) filed.add(slot, bytes, at, at + entryBytes);
  };
  markShared(entries);
  const shared = new Map<number, Entry[]>();
  for (let position = 0; position < entries.count; position += 1) {
    if (!entries.isShared(position)) file(byHash, position, entries.from(position), entries.to(position));
    else {
      const hash = entries.hash(position);
      const group = shared.get(hash);
      if (group === undefined) shared.set(hash, [entries.at(position)]);
      else group.push(entries.at(position));
    }
  }
  for (const group of shared.values())
    for (const entry of winners(group, readJob)) file(encodeEntry(entry), 0, entry.from, entry.to);
}

/** Files receipts by the slot of the answer, and adds their ids to the filter. `byHash`: all entries of some hashes. */
export function fileReceiptsByTime(byHash: Buffer, slotMs: number, filed: BucketWriter, filter: RequestFilter): void {
  const entries = new Entries(byHash);
  markShared(entries);
  for (let position = 0; position < entries.count; position += 1) {
    filter.add(entries.hash(position));
    const at = position * entryBytes;
    filed.add(Math.floor(entries.from(position) / slotMs), byHash, at, at + entryBytes);
  }
}

/** Notes which entries have a hash that others have, too. */
function markShared(entries: Entries): void {
  const table = createEntryTable(entries);
  for (let position = 0; position < entries.count; position += 1) {
    const same = table.add(position);
    if (same === -1) continue;
    entries.share(same);
    entries.share(position);
  }
}

function winners(group: readonly Entry[], readJob: (entry: Entry) => Job): Entry[] {
  const jobs = new Map(group.map((entry) => [readJob(entry), entry]));
  const index = indexJobs(jobs.keys());
  return [...jobs].filter(([job]) => index.find(job) === job).map(([, entry]) => entry);
}
