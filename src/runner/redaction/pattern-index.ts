/** A pattern of the index that begins at a place of the text. */
interface PatternStart {
  /** Length of the longest pattern that stands here as a whole; 0 for none. */
  readonly whole: number;
  /** Whether a longer one may stand here: the text ends before it does. */
  readonly open: boolean;
}

/** Where patterns begin in a text. */
export interface PatternIndex {
  readonly longest: number;
  /** First place from `from` on, below `to`, where a pattern may begin; `to` when there is none. */
  next(text: Buffer, from: number, to: number): number;
  /** What begins at `at`, for a text that ends at `to`. */
  startAt(text: Buffer, at: number, to: number): PatternStart;
  /** The length of the shortest pattern that begins with these bytes and is longer; `null` for none. */
  shortestBeyond(text: Buffer, from: number, to: number): number | null;
}

/** A quarter of a million places: forty secrets in all their forms fill a tenth of them, and it stays in the cache. */
const tableBits = 18;

/** Spreads a block over the table: the multiplier of Fibonacci hashing, 2^32 divided by the golden ratio. */
function placeOf(block: number): number {
  return Math.imul(block, 0x9e3779b1) >>> (32 - tableBits);
}

/**
 * A skip table in the manner of Wu and Manber: the block of bytes at the end of a window as long as the shortest pattern
 * tells how far the window may jump. Benign text is read at every tenth byte or so; ten times faster than an automaton
 * that reads each byte. Memory: 256 KB and the patterns, whatever the text.
 */
export function patternIndex(patterns: readonly Buffer[]): PatternIndex {
  if (patterns.length === 0) return nothing;
  const shortest = Math.min(...patterns.map(({ length }) => length));
  const longest = Math.max(...patterns.map(({ length }) => length));
  if (shortest < 4) throw new RangeError('A pattern needs four bytes.');
  const window = Math.min(shortest, 250);
  // A block of four bytes tells more; one of three lets a short window jump at all.
  const [block, unused] = window >= 8 ? [4, 0] : [3, 8];
  const furthest = window - block + 1;
  const jumps = new Uint8Array(1 << tableBits).fill(furthest);
  const byHead = new Map<number, Buffer[]>();
  /** By their first byte, or two, the length of the shortest pattern that begins so. */
  const beginnings = new Map<number, number>();
  const firstBytes = new Uint8Array(256);
  const windows = new Set<string>();
  for (const pattern of patterns) {
    const head = headOf(pattern, 0);
    const sharing = byHead.get(head);
    if (sharing === undefined) byHead.set(head, [pattern]);
    else sharing.push(pattern);
    for (const there of [1, 2]) {
      const beginning = beginningOf(pattern, 0, there);
      beginnings.set(beginning, Math.min(beginnings.get(beginning) ?? longest, pattern.length));
    }
    firstBytes[pattern[0] ?? 0] = 1;
    // Most forms of one value begin alike: what is in the table need not be put there again.
    const begun = pattern.toString('latin1', 0, window);
    if (windows.has(begun)) continue;
    windows.add(begun);
    for (let end = block - 1; end < window; end += 1) {
      // Of a block of three at the very beginning, the byte before it counts for nothing.
      const bytes = end >= 3 ? pattern.readUInt32LE(end - 3) >>> unused : pattern.readUIntLE(0, 3);
      const place = placeOf(bytes);
      jumps[place] = Math.min(jumps[place] ?? 0, window - 1 - end);
    }
  }
  for (const sharing of byHead.values()) sharing.sort((a, b) => b.length - a.length);
  let viewed: Buffer = Buffer.alloc(0);
  let view = new DataView(viewed.buffer);

  return { longest, next, startAt, shortestBeyond };

  function next(text: Buffer, from: number, to: number): number {
    if (text !== viewed) {
      viewed = text;
      view = new DataView(text.buffer, text.byteOffset, text.length);
    }
    const words = view;
    const end = to - 4;
    // The window's last four bytes; one load of 32 bits is faster than three of 8.
    let last = from + window - 4;
    while (last <= end) {
      const jump = jumps[placeOf(words.getUint32(last, true) >>> unused)] ?? 0;
      if (jump > 0) {
        last += jump;
        continue;
      }
      const at = last + 4 - window;
      if (byHead.has(headOf(text, at))) return at;
      last += 1;
    }
    let at = last + 4 - window;
    // Too short for a window: anything that a pattern begins with may be the beginning of one.
    while (at < to && firstBytes[text[at] ?? 0] === 0) at += 1;
    return Math.min(at, to);
  }

  function startAt(text: Buffer, at: number, to: number): PatternStart {
    const there = to - at;
    if (there < 3) return { whole: 0, open: beginnings.has(beginningOf(text, at, there)) };
    let open = false;
    let whole = 0;
    for (const pattern of beginningWith(text, at)) {
      if (pattern.length > there) {
        open ||= text.compare(pattern, 0, there, at, to) === 0;
      } else if (whole === 0 && text.compare(pattern, 0, pattern.length, at, at + pattern.length) === 0) {
        whole = pattern.length;
      }
    }
    return { whole, open };
  }

  function shortestBeyond(text: Buffer, from: number, to: number): number | null {
    if (to - from < 3) return beginnings.get(beginningOf(text, from, to - from)) ?? null;
    const lengths = beginningWith(text, from)
      .filter((pattern) => pattern.length > to - from && text.compare(pattern, 0, to - from, from, to) === 0)
      .map(({ length }) => length);
    return lengths.length === 0 ? null : Math.min(...lengths);
  }

  /** Patterns that share the head of the text, the longest first. */
  function beginningWith(text: Buffer, at: number): readonly Buffer[] {
    return byHead.get(headOf(text, at)) ?? [];
  }
}

/** One byte or two as a number that tells which. */
function beginningOf(bytes: Buffer, at: number, there: number): number {
  return there === 1 ? (bytes[at] ?? 0) : 0x10000 | ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

/** The first three bytes as a number. */
function headOf(bytes: Buffer, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
}

const nothing: PatternIndex = {
  longest: 0,
  next: (_text, _from, to) => to,
  startAt: () => ({ whole: 0, open: false }),
  shortestBeyond: () => null,
};
