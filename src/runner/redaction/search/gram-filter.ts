import { BitSet } from './bit-set.ts';
import type { NeedleTable } from './needle-table.ts';

/** Four bytes tell more than three, and a machine loads them at once. */
export const gramBytes = 4;

/** Further than this a window does not help: the offsets of a gram in it are the bits of one number. */
const widestWindow = gramBytes + 30;

/** Tells at a glance that no needle begins near a place of a text. */
export interface GramFilter {
  /** The first so many bytes of every needle are known to it, or all of a shorter one. */
  readonly window: number;
  /** Of every needle. */
  readonly all: GramTable;
  /** Of those that are long enough for a wide window. */
  readonly long: GramTable;
  /** Of the others; `null` when there are none. */
  readonly short: ShortTable | null;
  /** Whether a needle may begin with these four bytes. */
  mayBegin(a: number, b: number, c: number, d: number): boolean;
  /** Whether these four bytes may stand in the window of a needle. */
  mayHold(a: number, b: number, c: number, d: number): boolean;
  /** Calls `mark` with every place of a text where a whole window may begin as it is, some of them more than once. */
  findWindows(text: Buffer, mark: (at: number) => void): void;
}

/** Four bytes each. Two hashes tell them apart, so that few others pass for one. */
interface GramSet {
  readonly first: BitSet;
  readonly second: BitSet;
}

/** Where in the windows of some needles four bytes may stand. */
interface GramTable {
  /** A text is looked at once in so many bytes. */
  readonly stride: number;
  /** How many bits of a hash are left out. */
  readonly shift: number;
  /** Those in a window. */
  readonly held: GramSet;
  /** Those that a needle begins with. */
  readonly begun: GramSet;
  /** By the first hash, where in the windows: bit 0 for the beginning of a needle. */
  readonly offsets: Int32Array;
}

/** The same for three bytes, with as many places as sixteen bits tell apart. */
interface ShortTable {
  readonly stride: number;
  readonly held: BitSet;
  readonly offsets: Uint16Array;
}

/** Needles of fewer bytes than this are looked for apart: they would have every place of the text looked at for all. */
const fewBytes = 12;

/** As many as the shortest needle may have but one, so that its window has room for two. */
const shortGramBytes = 3;

/**
 * Looks at four bytes of a text in every window's length: wherever a needle begins, one of those looks falls into its
 * window. The looks do not depend on each other, so that a machine does several at once; a table of skips, where each
 * look tells the next, is a third as fast. Needles of few bytes have a window of their own, in which three bytes are
 * looked at, more rarely than four could be. Memory: five bytes for each of at most half a million places.
 */
export function gramFilter(needles: NeedleTable): GramFilter {
  const rows = Array.from({ length: needles.count }, (_, row) => row);
  const longRows = rows.filter((row) => needles.lengthOf(row) >= fewBytes);
  const window = Math.min(widestWindow, shortestOf(longRows));
  const all = gramTable(needles, rows, window);
  const long = longRows.length === rows.length ? all : gramTable(needles, longRows, window);
  const shortRows = rows.filter((row) => needles.lengthOf(row) < fewBytes);
  const short = shortRows.length === 0 ? null : shortTable(needles, shortRows);
  return { window, all, long, short, mayBegin, mayHold, findWindows };

  function shortestOf(some: readonly number[]): number {
    return some.reduce((least, row) => Math.min(least, needles.lengthOf(row)), needles.longest);
  }

  function mayBegin(a: number, b: number, c: number, d: number): boolean {
    return isIn(all.begun, a | (b << 8) | (c << 16) | (d << 24), all.shift);
  }

  function mayHold(a: number, b: number, c: number, d: number): boolean {
    return isIn(all.held, a | (b << 8) | (c << 16) | (d << 24), all.shift);
  }

  function findWindows(text: Buffer, mark: (at: number) => void): void {
    const view = new DataView(text.buffer, text.byteOffset, text.length);
    findLong(view, long, all, mark);
    if (short !== null) findShort(view, short, all, mark);
  }
}

/** Spreads a gram over a table: the multiplier of Fibonacci hashing, 2^32 divided by the golden ratio. */
function placeOf(gram: number, shift: number): number {
  return Math.imul(gram, 0x9e3779b1) >>> shift;
}

/** The same by a multiplier of MurmurHash. */
function secondPlaceOf(gram: number, shift: number): number {
  return Math.imul(gram, 0x85ebca6b) >>> shift;
}

/** What three bytes are hashed to. */
function shortPlaceOf(gram: number): number {
  return placeOf(gram << 8, 16);
}

function isIn({ first, second }: GramSet, gram: number, shift: number): boolean {
  return first.has(placeOf(gram, shift)) && second.has(secondPlaceOf(gram, shift));
}

function gramSet(size: number): GramSet {
  return { first: new BitSet(size), second: new BitSet(size) };
}

function gramTable(needles: NeedleTable, rows: readonly number[], window: number): GramTable {
  const stride = window - gramBytes + 1;
  const bits = Math.min(19, Math.max(12, 32 - Math.clz32(rows.length * stride * 32)));
  const shift = 32 - bits;
  const held = gramSet(1 << bits);
  const begun = gramSet(1 << bits);
  const offsets = new Int32Array(1 << bits);
  for (const row of rows) {
    const needle = needles.needleAt(row);
    const last = Math.min(window, needle.length) - 1;
    let gram = 0;
    for (let at = 0; at <= last; at += 1) {
      gram = (gram >>> 8) | ((needle[at] ?? 0) << 24);
      const offset = at + 1 - gramBytes;
      if (offset < 0) continue;
      const place = placeOf(gram, shift);
      offsets[place] = (offsets[place] ?? 0) | (1 << offset);
      held.first.add(place);
      held.second.add(secondPlaceOf(gram, shift));
      if (offset > 0) continue;
      begun.first.add(place);
      begun.second.add(secondPlaceOf(gram, shift));
    }
  }
  return { stride, shift, held, begun, offsets };
}

function shortTable(needles: NeedleTable, rows: readonly number[]): ShortTable {
  const stride = needles.shortest - shortGramBytes + 1;
  const held = new BitSet(65_536);
  const offsets = new Uint16Array(65_536);
  for (const row of rows) {
    const needle = needles.needleAt(row);
    for (let at = 0; at < stride; at += 1) {
      const gram = (needle[at] ?? 0) | ((needle[at + 1] ?? 0) << 8) | ((needle[at + 2] ?? 0) << 16);
      const place = shortPlaceOf(gram);
      held.add(place);
      offsets[place] = (offsets[place] ?? 0) | (1 << at);
    }
  }
  return { stride, held, offsets };
}

function findLong(text: DataView, table: GramTable, all: GramTable, mark: (at: number) => void): void {
  const { stride, shift, held, offsets } = table;
  const last = text.byteLength - gramBytes;
  for (let at = stride - 1; at <= last; at += stride) {
    const gram = text.getInt32(at, true);
    if (!isIn(held, gram, shift)) continue;
    for (let there = offsets[placeOf(gram, shift)] ?? 0; there !== 0; there &= there - 1) {
      const begin = at - (31 - Math.clz32(there & -there));
      if (begin >= 0 && isIn(all.begun, text.getInt32(begin, true), all.shift)) mark(begin);
    }
  }
}

function findShort(text: DataView, { stride, offsets }: ShortTable, all: GramTable, mark: (at: number) => void): void {
  const to = text.byteLength;
  for (let at = stride - 1; at + shortGramBytes <= to; at += stride) {
    const place = shortPlaceOf(text.getUint16(at, true) | (text.getUint8(at + 2) << 16));
    for (let there = offsets[place] ?? 0; there !== 0; there &= there - 1) {
      const begin = at - (31 - Math.clz32(there & -there));
      if (begin < 0 || begin + gramBytes > to) continue;
      if (isIn(all.begun, text.getInt32(begin, true), all.shift)) mark(begin);
    }
  }
}
