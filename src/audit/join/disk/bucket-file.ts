import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { copyWords, createViews, wordBytes } from '../../parsing/byte-words.ts';
import type { LineMemory } from '../../parsing/line-memory.ts';
import { createTextRoom } from '../../parsing/text-room.ts';

/**
 * Records that were sorted into buckets, on disk. It is written in runs: each holds its records in order of their buckets,
 * so that a range of buckets is one piece of each run.
 */
export interface BucketDirectory {
  readonly path: string;
  readonly runs: readonly BucketRun[];
}

/** `offsets[n]` to `offsets[n + 1]` are the bytes of `buckets[n]`. */
interface BucketRun {
  readonly buckets: Float64Array;
  readonly offsets: Float64Array;
}

export interface BucketWriter {
  /** Copies the bytes of a record, all or those from `from` until before `to`. Buckets are integers. */
  add(bucket: number, record: Buffer, from?: number, to?: number): void;
  close(): BucketDirectory;
}

/** Sorts in memory up to this many bytes, then writes a run. */
const runBytes = 1 << 21;
const leastBytes = 1 << 14;
/** A bucket and the position of a record in a run fit in one number. */
const mostRecords = 2 ** 20;
/** Up to this length words are copied faster than the call of a copy takes. */
const fewBytes = 128;

export function createBucketWriter(path: string): BucketWriter {
  const file = openSync(path, 'w');
  const runs: BucketRun[] = [];
  let waiting = Buffer.allocUnsafeSlow(0);
  /** The same records in order of their buckets. */
  let piece = Buffer.allocUnsafeSlow(0);
  let keys = new Float64Array(1 << 12);
  let starts = new Float64Array(1 << 12);
  let count = 0;
  let used = 0;
  let written = 0;
  const copyRecord = createCopier();

  function add(bucket: number, record: Buffer, from = 0, to = record.length): void {
    const length = to - from;
    if ((used > 0 && used + length > runBytes) || count === mostRecords) flush();
    if (used + length > waiting.length) reserve(used + length);
    if (count + 1 >= starts.length) {
      keys = grow(keys);
      starts = grow(starts);
    }
    keys[count] = bucket;
    starts[count] = used;
    used = copyRecord(record, from, to, waiting, used);
    count += 1;
    starts[count] = used;
  }

  /** Few writers have much to write, so memory grows with it. */
  function reserve(length: number): void {
    const more = Buffer.allocUnsafeSlow(Math.max(length, Math.min(runBytes, 2 * waiting.length), leastBytes));
    waiting.copy(more, 0, 0, used);
    waiting = more;
  }

  function flush(): void {
    if (count === 0) return;
    const order = inOrder(keys, count);
    if (piece.length < used) piece = Buffer.allocUnsafeSlow(waiting.length);
    const buckets = new Float64Array(count);
    const offsets = new Float64Array(count + 1);
    let found = 0;
    let filled = 0;
    for (let index = 0; index < count; index += 1) {
      const position = order[index] ?? 0;
      const bucket = keys[position] ?? 0;
      if (found === 0 || buckets[found - 1] !== bucket) {
        buckets[found] = bucket;
        offsets[found] = written + filled;
        found += 1;
      }
      filled = copyRecord(waiting, starts[position] ?? 0, starts[position + 1] ?? 0, piece, filled);
    }
    offsets[found] = written + filled;
    writeWhole(file, piece.subarray(0, filled));
    written += filled;
    runs.push({ buckets: share(buckets.subarray(0, found)), offsets: share(offsets.subarray(0, found + 1)) });
    count = 0;
    used = 0;
  }

  return {
    add,
    close() {
      flush();
      closeSync(file);
      waiting = Buffer.alloc(0);
      piece = Buffer.alloc(0);
      return { path, runs };
    },
  };
}

/** Buckets so near to each other are counted, which takes a fraction of the time of sorting. */
const mostCounted = 1 << 17;

/** The positions of the first `count` buckets in order of these, and of the positions in one. */
function inOrder(buckets: Float64Array, count: number): Int32Array {
  const given = buckets.subarray(0, count);
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const bucket of given) {
    if (bucket < least) least = bucket;
    if (bucket > most) most = bucket;
  }
  const order = new Int32Array(count);
  if (most - least >= mostCounted) {
    const keys = given.map((bucket, position) => bucket * mostRecords + position).sort();
    for (const [index, key] of keys.entries()) order[index] = key - Math.floor(key / mostRecords) * mostRecords;
    return order;
  }
  /** Where the positions of each bucket go on. */
  const next = new Int32Array(most - least + 2);
  for (const bucket of given) next[bucket - least + 1] = (next[bucket - least + 1] ?? 0) + 1;
  for (let index = 1; index < next.length; index += 1) next[index] = (next[index] ?? 0) + (next[index - 1] ?? 0);
  for (let position = 0; position < count; position += 1) {
    const bucket = (given[position] ?? 0) - least;
    const index = next[bucket] ?? 0;
    order[index] = position;
    next[bucket] = index + 1;
  }
  return order;
}

/** All threads look into the directories, which together take much memory. */
function share(numbers: Float64Array): Float64Array {
  const shared = new Float64Array(new SharedArrayBuffer(numbers.byteLength));
  shared.set(numbers);
  return shared;
}

/** Copies the bytes from `from` until before `to`, and returns where the copy ends. */
function createCopier() {
  const viewOf = createViews();
  const viewInto = createViews();
  return (record: Buffer, from: number, to: number, into: Buffer, at: number): number => {
    if ((to - from) % wordBytes === 0 && to - from <= fewBytes)
      return copyWords(viewOf(record), from, to, viewInto(into), at);
    return at + record.copy(into, at, from, to);
  };
}

export interface BucketReader {
  /** The records of the buckets from `from` until before `to`, run after run. They are valid until the next call. */
  read(from: number, to: number): Buffer;
  /** The same: bytes from `from` until before `to`, in the memory where lines are compared faster if they fit. */
  readPlaced(from: number, to: number): { readonly bytes: Buffer; readonly from: number; readonly to: number };
  close(): void;
}

/** `usual`: the bytes of most ranges, for which room is taken in `memory`. */
export function openBuckets(
  directories: readonly BucketDirectory[],
  memory: LineMemory | null = null,
  usual = 0,
): BucketReader {
  const files = directories.map(({ path, runs }) => ({ file: openSync(path, 'r'), runs }));
  const room = createTextRoom(memory, usual);

  function readPlaced(from: number, to: number) {
    const pieces = files.flatMap(({ file, runs }) =>
      runs.flatMap(({ buckets, offsets }) => {
        const start = offsets[firstFrom(buckets, from)] ?? 0;
        const length = (offsets[firstFrom(buckets, to)] ?? 0) - start;
        return length === 0 ? [] : [{ file, start, length }];
      }),
    );
    const { bytes, at } = room.ofBytes(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let end = at;
    for (const piece of pieces) end += readInto(piece.file, bytes, end, piece.length, piece.start);
    return { bytes, from: at, to: end };
  }

  return {
    readPlaced,
    read(from, to) {
      const placed = readPlaced(from, to);
      return placed.bytes.subarray(placed.from, placed.to);
    },
    close() {
      for (const { file } of files) closeSync(file);
      room.letGo();
    },
  };
}

/** How many bytes each bucket has. */
export function countBucketBytes(directories: readonly BucketDirectory[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { runs } of directories) for (const run of runs) countRunBytes(run, counts);
  return counts;
}

function countRunBytes({ buckets, offsets }: BucketRun, counts: Map<number, number>): void {
  for (let index = 0; index < buckets.length; index += 1) {
    const bucket = buckets[index] ?? 0;
    const bytes = (offsets[index + 1] ?? 0) - (offsets[index] ?? 0);
    counts.set(bucket, (counts.get(bucket) ?? 0) + bytes);
  }
}

/** Returns how many bytes there were: less than `length` only at the end of the file. */
export function readInto(file: number, bytes: Buffer, at: number, length: number, offset: number): number {
  let done = 0;
  while (done < length) {
    const some = readSync(file, bytes, at + done, length - done, offset + done);
    if (some === 0) break;
    done += some;
  }
  return done;
}

function writeWhole(file: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
}

/** The position of the first bucket that is not before `bucket`. */
function firstFrom(buckets: Float64Array, bucket: number): number {
  let low = 0;
  let high = buckets.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((buckets[middle] ?? 0) < bucket) low = middle + 1;
    else high = middle;
  }
  return low;
}

function grow(numbers: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const more = new Float64Array(numbers.length * 2);
  more.set(numbers);
  return more;
}
