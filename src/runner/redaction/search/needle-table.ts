/** Needles that begin alike: the rows from `low` to `high` of the table, none when `low` is above `high`. */
export interface NeedleTable {
  readonly count: number;
  readonly shortest: number;
  readonly longest: number;
  /** The rows whose byte at `depth` is `byte`, among rows that are alike before it and longer. Leaves them in `low` and `high`. */
  narrow(low: number, high: number, depth: number, byte: number): void;
  /** What `narrow` and `findBeginning` left. */
  readonly found: { low: number; high: number };
  lengthOf(row: number): number;
  /** Whether all of these rows are found as they are alone. */
  arePlain(low: number, high: number): boolean;
  /** The rows that begin with four bytes, read as a number. Leaves them in `found`; returns whether there are any. */
  findBeginning(first: number): boolean;
  /**
   * How many bytes of a text are those of all these rows, from one of each on, before the first that is 1 in `stops`. The
   * rows are alike up to there.
   */
  matchingBytes(low: number, high: number, depth: number, text: Buffer, at: number, stops: Uint8Array): number;
  /** The needle of a row. */
  needleAt(row: number): Buffer;
  /** One byte of a needle. */
  byteAt(row: number, depth: number): number;
}

/** What `findBeginning` looks for. */
export const beginningBytes = 4;

/**
 * Needles in the order of their bytes, which makes one array a tree: all that begin alike are neighbours, and the
 * shortest of them comes first. Memory: the needles themselves and four bytes for each, however many begin alike.
 */
export function needleTable(needles: readonly Buffer[], plainNeedles: readonly Buffer[]): NeedleTable {
  const sorted = [...needles, ...plainNeedles].toSorted((a, b) => Buffer.compare(a, b));
  const rows = sorted.filter((needle, index) => index === 0 || !needle.equals(sorted[index - 1] ?? needle));
  const starts = new Int32Array(rows.length + 1);
  let shortest = rows.length === 0 ? 0 : Number.MAX_SAFE_INTEGER;
  let longest = 0;
  rows.forEach(({ length }, index) => {
    starts[index + 1] = (starts[index] ?? 0) + length;
    shortest = Math.min(shortest, length);
    longest = Math.max(longest, length);
  });
  const bytes = Buffer.concat(rows);
  const before = plainBefore(rows, plainNeedles);
  const found = { low: 0, high: -1 };
  const byFirst = rowsByFirstByte(rows);

  return {
    count: rows.length,
    shortest,
    longest,
    found,
    lengthOf: (row) => (starts[row + 1] ?? 0) - (starts[row] ?? 0),
    arePlain: (low, high) => (before[high + 1] ?? 0) - (before[low] ?? 0) === high + 1 - low,
    matchingBytes(low, high, depth, text, at, stops) {
      const from = (starts[low] ?? 0) + depth;
      const other = (starts[high] ?? 0) + depth;
      const most = Math.min((starts[low + 1] ?? 0) - from, text.length - at);
      let count = 0;
      while (count < most) {
        const byte = text[at + count] ?? 0;
        // Between the first and the last in order, the others are as these two are.
        if (bytes[from + count] !== byte || bytes[other + count] !== byte || stops[byte] === 1) break;
        count += 1;
      }
      return count;
    },
    findBeginning: beginningFinder(rows, found),
    needleAt: (row) => bytes.subarray(starts[row], starts[row + 1]),
    byteAt,
    narrow(low, high, depth, byte) {
      if (depth === 0) {
        found.low = byFirst[byte] ?? 0;
        found.high = (byFirst[byte + 1] ?? 0) - 1;
        return;
      }
      if (byteAt(low, depth) === byte && byteAt(high, depth) === byte) {
        found.low = low;
        found.high = high;
        return;
      }
      found.low = firstNotBelow(low, high, depth, byte);
      found.high = firstNotBelow(found.low, high, depth, byte + 1) - 1;
    },
  };

  function byteAt(row: number, depth: number): number {
    return bytes[(starts[row] ?? 0) + depth] ?? -1;
  }

  function firstNotBelow(low: number, high: number, depth: number, byte: number): number {
    let from = low;
    let to = high + 1;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (byteAt(middle, depth) < byte) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

/** For each row, how many before it are found as they are alone. */
function plainBefore(rows: readonly Buffer[], plainNeedles: readonly Buffer[]): Int32Array {
  const plain = new Set(plainNeedles.map((needle) => needle.toString('latin1')));
  const before = new Int32Array(rows.length + 1);
  rows.forEach((row, index) => {
    const isOne = plain.size > 0 && plain.has(row.toString('latin1'));
    before[index + 1] = (before[index] ?? 0) + (isOne ? 1 : 0);
  });
  return before;
}

/** For each byte, the first row that does not begin below it. */
function rowsByFirstByte(rows: readonly Buffer[]): Int32Array {
  const byFirst = new Int32Array(257).fill(rows.length);
  for (let row = rows.length - 1; row >= 0; row -= 1) byFirst[rows[row]?.[0] ?? 0] = row;
  for (let byte = 255; byte >= 0; byte -= 1) byFirst[byte] = Math.min(byFirst[byte] ?? 0, byFirst[byte + 1] ?? 0);
  return byFirst;
}

/** Finds rows by their first four bytes, in a hash table: one more than the first and the last of them, 0 for none. */
function beginningFinder(rows: readonly Buffer[], found: NeedleTable['found']): NeedleTable['findBeginning'] {
  const bits = Math.max(4, 33 - Math.clz32(rows.length));
  const keys = new Int32Array(1 << bits);
  const firstRows = new Int32Array(1 << bits);
  const lastRows = new Int32Array(1 << bits);
  const placeOf = (first: number) => {
    let place = Math.imul(first, 0x9e3779b1) >>> (32 - bits);
    while (firstRows[place] !== 0 && keys[place] !== first) place = (place + 1) & (keys.length - 1);
    return place;
  };
  for (let row = 0; row < rows.length; row += 1) {
    const needle = rows[row];
    if (needle === undefined || needle.length < beginningBytes) continue;
    const first = needle.readInt32LE(0);
    const place = placeOf(first);
    keys[place] = first;
    if (firstRows[place] === 0) firstRows[place] = row + 1;
    lastRows[place] = row + 1;
  }
  return (first) => {
    const place = placeOf(first);
    found.low = (firstRows[place] ?? 0) - 1;
    found.high = (lastRows[place] ?? 0) - 1;
    return found.low >= 0;
  };
}
