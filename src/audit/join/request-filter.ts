/**
 * A Bloom filter of the request ids of all receipts, shared by the threads. It says "no receipt names this id" for nearly
 * every row without one, and never of a row that has one.
 */
export interface RequestFilter {
  add(hash: number): void;
  mayHave(hash: number): boolean;
}

/** One id in about 300 is looked up in vain. */
const bitsEach = 16;
const probes = 4;
/** All bits of an id are in one line of the processor's cache, of 16 words, so that memory is fetched once for it. */
const wordsALine = 16;

export function allocateFilter(ids: number): SharedArrayBuffer {
  const words = 2 ** Math.ceil(Math.log2((ids * bitsEach) / 32 + 1));
  return new SharedArrayBuffer(4 * Math.max(wordsALine, words));
}

export function openFilter(memory: SharedArrayBuffer): RequestFilter {
  const words = new Int32Array(memory);
  const lines = words.length / wordsALine - 1;
  /** The first word of the line. */
  const lineOf = (hash: number) => (hash & lines) * wordsALine;
  /** Of the bits that the line leaves: nine for each probe. */
  const seedOf = (hash: number) => Math.imul(hash ^ Math.floor(hash / 2 ** 32), 0x9e3779b1);
  return {
    add(hash) {
      const line = lineOf(hash);
      let seed = seedOf(hash);
      for (let probe = 0; probe < probes; probe += 1) {
        Atomics.or(words, line + ((seed >>> 28) & 15), 1 << (seed >>> 23));
        seed = Math.imul(seed, 0x85ebca6b) ^ (seed >>> 13);
      }
    },
    mayHave(hash) {
      const line = lineOf(hash);
      let seed = seedOf(hash);
      for (let probe = 0; probe < probes; probe += 1) {
        const word = words[line + ((seed >>> 28) & 15)] ?? 0;
        if ((word & (1 << (seed >>> 23))) === 0) return false;
        seed = Math.imul(seed, 0x85ebca6b) ^ (seed >>> 13);
      }
      return true;
    },
  };
}
