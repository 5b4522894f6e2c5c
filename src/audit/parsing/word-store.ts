import type { WordTables } from './form-tables.ts';

/** Texts of printable ASCII as words, with which bytes are compared. */
export interface WordStore {
  length(text: number): number;
  /** Keeps the bytes from `from` until before `to` as the text of this number; the texts before it were kept already. */
  keep(view: DataView, from: number, to: number, text: number): void;
  /** Whether the text is at `at`. Looks up to three bytes beyond it. */
  isAt(view: DataView, at: number, text: number): boolean;
}

/** The bits of a word that its first bytes have. */
export const firstBytes = Int32Array.from([0, 0xff, 0xffff, 0xffffff]);

/** How many bytes texts take, of so many bytes together. */
export function wordStoreBytes(count: number, bytes: number): number {
  return ((bytes + 8 * count + 7) & ~7) + 8;
}

/** Tables for so many texts of so many bytes together. */
export function createWordTables(count: number, bytes: number): WordTables {
  const pairs = new Float64Array(wordStoreBytes(count, bytes) / 8);
  return {
    pairs,
    words: new Int32Array(pairs.buffer),
    lengths: new Int32Array(count),
    starts: new Int32Array(count + 1),
  };
}

/**
 * Bytes are compared eight at a time, as floating-point numbers, which takes a fraction of the time of one by one. A number
 * whose bytes are printable ASCII is neither zero nor NaN, so only the same bytes equal it.
 */
export function createWordStore({ pairs, words, lengths, starts }: WordTables): WordStore {
  return {
    length: (text) => lengths[text] ?? 0,
    keep(view, from, to, text) {
      const length = to - from;
      // A text begins at a pair.
      const start = starts[text] ?? 0;
      lengths[text] = length;
      starts[text + 1] = start + 2 * ((length + 7) >> 3);
      for (let offset = 0; offset < length; offset += 4)
        words[start + (offset >> 2)] = view.getInt32(from + offset, true);
    },
    isAt(view, at, text) {
      const length = lengths[text] ?? 0;
      let word = starts[text] ?? 0;
      let same = 0;
      for (; same + 8 <= length; same += 8, word += 2) {
        if (view.getFloat64(at + same, true) !== pairs[word >> 1]) return false;
      }
      if (same + 4 <= length) {
        if (view.getInt32(at + same, true) !== words[word]) return false;
        same += 4;
        word += 1;
      }
      return ((view.getInt32(at + same, true) ^ (words[word] ?? 0)) & (firstBytes[length - same] ?? 0)) === 0;
    },
  };
}
