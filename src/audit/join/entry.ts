/**
 * Where a job or a receipt is in its file, and when it counts: what is kept on disk of each, instead of the record itself.
 */
export interface Entry {
  /** `hashText` of the job's key, or of the request id. */
  readonly hash: number;
  /** Milliseconds, inclusive; for a receipt both are the time of the answer. NaN: a job that ran at no time. */
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly length: number;
  readonly block: number;
  /** Counted from 0 within the block. */
  readonly line: number;
  /** Whether further entries have the same hash. */
  readonly isShared: boolean;
}

/** A whole number of words of eight bytes. */
export const entryBytes = 48;
const numbersEach = entryBytes / 8;
const wordsEach = entryBytes / 4;
/** The offset's upper bits are in the lower half of a word, and whether the hash is shared in the upper half. */
const sharedBit = 1 << 16;

const bytes = Buffer.from(new ArrayBuffer(entryBytes));
const numbers = new Float64Array(bytes.buffer);
const words = new Int32Array(bytes.buffer);

/** The bytes are valid until the next call. They are read on the machine that wrote them. */
export function encodeEntry({ hash, from, to, offset, length, block, line, isShared }: Entry): Buffer {
  numbers[0] = hash;
  numbers[1] = from;
  numbers[2] = to;
  words[6] = offset;
  words[7] = Math.floor(offset / 2 ** 32) | (isShared ? sharedBit : 0);
  words[8] = length;
  words[9] = block;
  words[10] = line;
  return bytes;
}

/** Entries as they were filed, in place. Positions are counted from 0. */
export class Entries {
  readonly count: number;
  readonly #numbers: Float64Array;
  readonly #words: Int32Array;

  /** `filed` begins at a whole word of eight bytes. */
  constructor(filed: Uint8Array) {
    this.count = filed.byteLength / entryBytes;
    this.#numbers = new Float64Array(filed.buffer, filed.byteOffset, this.count * numbersEach);
    this.#words = new Int32Array(filed.buffer, filed.byteOffset, this.count * wordsEach);
  }

  hash(position: number): number {
    return this.#numbers[position * numbersEach] ?? 0;
  }

  from(position: number): number {
    return this.#numbers[position * numbersEach + 1] ?? 0;
  }

  to(position: number): number {
    return this.#numbers[position * numbersEach + 2] ?? 0;
  }

  offset(position: number): number {
    const low = this.#words[position * wordsEach + 6] ?? 0;
    const high = this.#words[position * wordsEach + 7] ?? 0;
    return (high & (sharedBit - 1)) * 2 ** 32 + (low >>> 0);
  }

  length(position: number): number {
    return (this.#words[position * wordsEach + 8] ?? 0) >>> 0;
  }

  block(position: number): number {
    return this.#words[position * wordsEach + 9] ?? 0;
  }

  line(position: number): number {
    return this.#words[position * wordsEach + 10] ?? 0;
  }

  isShared(position: number): boolean {
    return (this.#words[position * wordsEach + 7] ?? 0) >= sharedBit;
  }

  /** Notes it in the bytes themselves. */
  share(position: number): void {
    this.#words[position * wordsEach + 7] = (this.#words[position * wordsEach + 7] ?? 0) | sharedBit;
  }

  at(position: number): Entry {
    return {
      hash: this.hash(position),
      from: this.from(position),
      to: this.to(position),
      offset: this.offset(position),
      length: this.length(position),
      block: this.block(position),
      line: this.line(position),
      isShared: this.isShared(position),
    };
  }

  /** The positions in the order of the records in their files. */
  byPlace(): Int32Array {
    const order = Int32Array.from({ length: this.count }, (_, position) => position);
    return order.sort(
      (one, other) => this.block(one) - this.block(other) || this.offset(one) - this.offset(other) || one - other,
    );
  }

  /** The entries with this hash. */
  find(hash: number): Entry[] {
    const found: Entry[] = [];
    for (let position = 0; position < this.count; position += 1)
      if (this.hash(position) === hash) found.push(this.at(position));
    return found;
  }
}
