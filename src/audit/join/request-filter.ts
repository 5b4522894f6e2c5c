/**
 * A Bloom filter of the request ids of all receipts, shared by the threads. It says "no receipt names this id" for nearly
 * every row without one, and never of a row that has one.
 */
export interface RequestFilter {
  add(hash: number): void;
  mayHave(hash: number): boolean;
}

/** With four probes, one id in about 400 is looked up in vain. */
const bitsEach = 16;
const probes = 4;

export function allocateFilter(ids: number): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * Math.max(1, 2 ** Math.ceil(Math.log2((ids * bitsEach) / 32 + 1))));
}

export function openFilter(memory: SharedArrayBuffer): RequestFilter {
  const words = new Int32Array(memory);
  const mask = words.length * 32 - 1;
  const bitOf = (hash: number, probe: number) => {
    const step = Math.imul(Math.floor(hash / 2 ** 32), 0x9e3779b1) | 1;
    return (hash + Math.imul(step, probe)) & mask;
  };
  return {
    add(hash) {
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = bitOf(hash, probe);
        Atomics.or(words, bit >>> 5, 1 << (bit & 31));
      }
    },
    mayHave(hash) {
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = bitOf(hash, probe);
        if (((words[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
      }
      return true;
    },
  };
}
