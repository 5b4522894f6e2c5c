import type { NeedleTable } from './needle-table.ts';

/** Four bytes tell more than three, and a machine loads them at once. */
export const gramBytes = 4;

/** Further than this a window does not help: the offsets of a gram in it are the bits of one number. */
const widestWindow = gramBytes + 30;

/** Tells at a glance that no needle begins near a place of a text. */
export interface GramFilter {
  /** The first so many bytes of every needle are known to it, or all of a shorter one. */
  readonly window: number;
  /** Whether a needle may begin with these four bytes. */
  mayBegin(a: number, b: number, c: number, d: number): boolean;
  /** Whether these four bytes may stand in the window of a needle. */
  mayHold(a: number, b: number, c: number, d: number): boolean;
  /** Calls `mark` with every place from `from` to `to` where a whole window may begin as it is, some of them more than once. */
  findWindows(text: Buffer, from: number, to: number, mark: (at: number) => void): void;
}

/** Needles of fewer bytes than this are looked for apart: they would have every place of the text looked at for all. */
const fewBytes = 12;

/**
 * Looks at four bytes of a text in every window's length: wherever a needle begins, one of those looks falls into its
 * window. The looks do not depend on each other, so that a machine does several at once; a table of skips, where each
 * look tells the next, is a third as fast. Needles of few bytes have a window of their own, in which two bytes are
 * looked at, more rarely than four could be. Memory: five bytes for each of at most half a million places.
 */
export function gramFilter(needles: NeedleTable): GramFilter {
  const rows = Array.from({ length: needles.count }, (_, row) => row);
  if (needles.shortest >= fewBytes) {
    const window = Math.min(needles.shortest, widestWindow);
    const { find, ...told } = gramTable(needles, rows, window);
    return { window, ...told, findWindows: find };
  }
  const long = rows.filter((row) => needles.lengthOf(row) >= fewBytes);
  const window = Math.min(widestWindow, ...long.map((row) => needles.lengthOf(row)));
  const findLong = gramTable(needles, long, window).find;
  const { mayBegin, mayHold } = gramTable(needles, rows, window);
  const short = rows.filter((row) => needles.lengthOf(row) < fewBytes);
  const findShort = findPairs(needles, short, needles.shortest, mayBegin);
  return {
    window,
    mayBegin,
    mayHold,
    findWindows(text, from, to, mark) {
      findLong(text, from, to, mark);
      findShort(text, from, to, mark);
    },
  };
}

interface GramTable extends Pick<GramFilter, 'mayBegin' | 'mayHold'> {
  readonly find: GramFilter['findWindows'];
}

/** What `gramFilter` says, for some rows of the needles. */
function gramTable(needles: NeedleTable, rows: readonly number[], window: number): GramTable {
  const stride = window - gramBytes + 1;
  const bits = Math.min(19, Math.max(12, 32 - Math.clz32(rows.length * stride * 32)));
  const shift = 32 - bits;
  const present = new Uint8Array(1 << bits);
  /** Where in the windows a gram stands: bit 0 for the beginning of a needle. */
  const offsets = new Int32Array(1 << bits);
  for (const row of rows) {
    const needle = needles.needleAt(row);
    const last = Math.min(window, needle.length) - 1;
    let gram = 0;
    for (let at = 0; at <= last; at += 1) {
      gram = (gram >>> 8) | ((needle[at] ?? 0) << 24);
      const offset = at + 1 - gramBytes;
      if (offset < 0) continue;
      const place = placeOf(gram);
      present[place] = 1;
      offsets[place] = (offsets[place] ?? 0) | (1 << offset);
    }
  }

  return { mayBegin, mayHold, find };

  /** Spreads a gram over the table: the multiplier of Fibonacci hashing, 2^32 divided by the golden ratio. */
  function placeOf(gram: number): number {
    return Math.imul(gram, 0x9e3779b1) >>> shift;
  }

  function mayBegin(a: number, b: number, c: number, d: number): boolean {
    return ((offsets[placeOf(a | (b << 8) | (c << 16) | (d << 24))] ?? 0) & 1) !== 0;
  }

  function mayHold(a: number, b: number, c: number, d: number): boolean {
    return present[placeOf(a | (b << 8) | (c << 16) | (d << 24))] !== 0;
  }

  function find(text: Buffer, from: number, to: number, mark: (at: number) => void): void {
    const view = new DataView(text.buffer, text.byteOffset, text.length);
    const last = to - gramBytes;
    for (let at = from + stride - 1; at <= last; at += stride) {
      const place = Math.imul(view.getInt32(at, true), 0x9e3779b1) >>> shift;
      if (present[place] === 0) continue;
      for (let there = offsets[place] ?? 0; there !== 0; there &= there - 1) {
        const begin = at - (31 - Math.clz32(there & -there));
        if (begin < from) continue;
        const head = Math.imul(view.getInt32(begin, true), 0x9e3779b1) >>> shift;
        if (((offsets[head] ?? 0) & 1) !== 0) mark(begin);
      }
    }
  }
}

/** Looks for rows by the pairs of bytes in their window. */
function findPairs(
  needles: NeedleTable,
  rows: readonly number[],
  window: number,
  mayBegin: GramFilter['mayBegin'],
): GramFilter['findWindows'] {
  const stride = window - 1;
  const offsets = new Uint16Array(65_536);
  for (const row of rows) {
    for (let offset = 0; offset < stride; offset += 1) {
      const pair = needles.byteAt(row, offset) | (needles.byteAt(row, offset + 1) << 8);
      offsets[pair] = (offsets[pair] ?? 0) | (1 << offset);
    }
  }
  return (text, from, to, mark) => {
    const view = new DataView(text.buffer, text.byteOffset, text.length);
    for (let at = from + stride - 1; at + 1 < to; at += stride) {
      for (let there = offsets[view.getUint16(at, true)] ?? 0; there !== 0; there &= there - 1) {
        const begin = at - (31 - Math.clz32(there & -there));
        if (begin < from || begin + gramBytes > to) continue;
        if (mayBegin(text[begin] ?? 0, text[begin + 1] ?? 0, text[begin + 2] ?? 0, text[begin + 3] ?? 0)) mark(begin);
      }
    }
  };
}
