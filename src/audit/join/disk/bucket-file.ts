import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { copyWords, wordBytes } from '../../parsing/byte-words.ts';
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
  return new SortedRuns(path);
}

/** A class, because a join has several writers, and functions that each has of its own are compiled for each. */
class SortedRuns implements BucketWriter {
  readonly #path: string;
  readonly #file: number;
  readonly #runs: BucketRun[] = [];
  #waiting = new WordBuffer(0);
  /** The same records in order of their buckets. */
  #piece = new WordBuffer(0);
  /** The record that came last, and its words: many come from one buffer. */
  #last: Buffer = this.#waiting.bytes;
  #lastWords = this.#waiting.words;
  #keys = new Float64Array(1 << 12);
  #starts = new Float64Array(1 << 12);
  #count = 0;
  #used = 0;
  #written = 0;

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, 'w');
  }

  add(bucket: number, record: Buffer, from = 0, to = record.length): void {
    const length = to - from;
    if ((this.#used > 0 && this.#used + length > runBytes) || this.#count === mostRecords) this.#flush();
    if (this.#used + length > this.#waiting.bytes.length) this.#reserve(this.#used + length);
    if (this.#count + 1 >= this.#starts.length) {
      this.#keys = grow(this.#keys);
      this.#starts = grow(this.#starts);
    }
    if (record !== this.#last) {
      this.#last = record;
      this.#lastWords = wordsOf(record);
    }
    this.#keys[this.#count] = bucket;
    this.#starts[this.#count] = this.#used;
    this.#used = copyRecord(record, this.#lastWords, from, to, this.#waiting, this.#used);
    this.#count += 1;
    this.#starts[this.#count] = this.#used;
  }

  close(): BucketDirectory {
    this.#flush();
    closeSync(this.#file);
    this.#waiting = new WordBuffer(0);
    this.#piece = this.#waiting;
    this.#last = this.#waiting.bytes;
    this.#lastWords = this.#waiting.words;
    return { path: this.#path, runs: this.#runs };
  }

  /** Few writers have much to write, so memory grows with it. */
  #reserve(length: number): void {
    const { bytes } = this.#waiting;
    const more = new WordBuffer(Math.max(length, Math.min(runBytes, 2 * bytes.length), leastBytes));
    bytes.copy(more.bytes, 0, 0, this.#used);
    this.#waiting = more;
  }

  #flush(): void {
    const count = this.#count;
    if (count === 0) return;
    const keys = this.#keys;
    const starts = this.#starts;
    const waiting = this.#waiting;
    const order = inOrder(keys, count);
    if (this.#piece.bytes.length < this.#used) this.#piece = new WordBuffer(waiting.bytes.length);
    const piece = this.#piece;
    const buckets = new Float64Array(count);
    const offsets = new Float64Array(count + 1);
    let found = 0;
    let filled = 0;
    for (let index = 0; index < count; index += 1) {
      const position = order[index] ?? 0;
      const bucket = keys[position] ?? 0;
      if (found === 0 || buckets[found - 1] !== bucket) {
        buckets[found] = bucket;
        offsets[found] = this.#written + filled;
        found += 1;
      }
      const from = starts[position] ?? 0;
      filled = copyRecord(waiting.bytes, waiting.words, from, starts[position + 1] ?? 0, piece, filled);
    }
    offsets[found] = this.#written + filled;
    writeWhole(this.#file, piece.bytes.subarray(0, filled));
    this.#written += filled;
    this.#runs.push({ buckets: share(buckets.subarray(0, found)), offsets: share(offsets.subarray(0, found + 1)) });
    this.#count = 0;
    this.#used = 0;
  }
}

/** Bytes, and the same as words. */
class WordBuffer {
  readonly bytes: Buffer;
  readonly words: DataView;

  constructor(length: number) {
    this.bytes = Buffer.allocUnsafeSlow(length);
    this.words = wordsOf(this.bytes);
  }
}

function wordsOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
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

/** Copies the bytes from `from` until before `to`, and returns where the copy ends. `words`: those of the record. */
function copyRecord(record: Buffer, words: DataView, from: number, to: number, into: WordBuffer, at: number): number {
  if ((to - from) % wordBytes === 0 && to - from <= fewBytes) return copyWords(words, from, to, into.words, at);
  return at + record.copy(into.bytes, at, from, to);
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
    let length = 0;
    for (const { runs } of files) for (const run of runs) length += endOf(run, to) - endOf(run, from);
    const { bytes, at } = room.ofBytes(length);
    let end = at;
    for (const { file, runs } of files) {
      for (const run of runs) {
        const start = endOf(run, from);
        const some = endOf(run, to) - start;
        if (some > 0) end += readInto(file, bytes, end, some, start);
      }
    }
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

/** Where the records of buckets before `bucket` end. */
function endOf({ buckets, offsets }: BucketRun, bucket: number): number {
  return offsets[firstFrom(buckets, bucket)] ?? 0;
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
