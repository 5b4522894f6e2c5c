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

/**
 * Bytes are compared eight at a time, as floating-point numbers, which takes a fraction of the time of one by one. A number
 * whose bytes are printable ASCII is neither zero nor NaN, so only the same bytes equal it. `count`: of texts; `bytes`: that
 * they have together, each up to a multiple of eight.
 */
export function createWordStore(count: number, bytes: number): WordStore {
  const pairs = new Float64Array(Math.ceil(bytes / 8) + 1);
  const words = new Int32Array(pairs.buffer);
  const lengths = new Int32Array(count);
  /** The first word of each; it is the first of a pair. */
  const starts = new Int32Array(count + 1);
  return {
    length: (text) => lengths[text] ?? 0,
    keep(view, from, to, text) {
      const length = to - from;
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
