/** Needles that begin alike: the rows from `low` to `high` of the table, none when `low` is above `high`. */
export interface NeedleTable {
  readonly count: number;
  readonly shortest: number;
  readonly longest: number;
  /** The rows whose byte at `depth` is `byte`, among rows that are alike before it and longer. Leaves them in `low` and `high`. */
  narrow(low: number, high: number, depth: number, byte: number): void;
  /** What `narrow` left. */
  readonly found: { low: number; high: number };
  lengthOf(row: number): number;
  /** Whether all of these rows are found as they are alone. */
  arePlain(low: number, high: number): boolean;
  /** How many bytes of a text are those of a needle, from one of each on. */
  matchingBytes(row: number, depth: number, text: Buffer, at: number): number;
  /** The needle of a row. */
  needleAt(row: number): Buffer;
  /** One byte of a needle. */
  byteAt(row: number, depth: number): number;
}

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
    matchingBytes(row, depth, text, at) {
      const from = (starts[row] ?? 0) + depth;
      const most = Math.min((starts[row + 1] ?? 0) - from, text.length - at);
      let count = 0;
      while (count < most && bytes[from + count] === text[at + count]) count += 1;
      return count;
    },
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
