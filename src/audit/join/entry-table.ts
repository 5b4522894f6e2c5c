import type { Entry } from './entry.ts';

/** Entries in columns, found by their hash: a tenth of the memory that as many objects take. */
export interface EntryTable {
  /** The position of the last entry with this hash; -1 if there is none. */
  find(hash: number): number;
  block(position: number): number;
  line(position: number): number;
  isShared(position: number): boolean;
}

export function createEntryTable(entries: readonly Entry[]): EntryTable {
  const hashes = Float64Array.from(entries, ({ hash }) => hash);
  const blocks = Int32Array.from(entries, ({ block }) => block);
  const lines = Int32Array.from(entries, ({ line }) => line);
  const shared = Uint8Array.from(entries, ({ isShared }) => (isShared ? 1 : 0));
  // At most half of the slots are taken, so that a free one ends each search soon.
  const mask = 2 ** Math.ceil(Math.log2(2 * entries.length + 1)) - 1;
  const slots = new Int32Array(mask + 1).fill(-1);

  /** The slot of the hash, or the free one where it belongs. */
  function slotOf(hash: number): number {
    let slot = (hash ^ (hash / 2 ** 32)) & mask;
    for (let position = slots[slot] ?? -1; position !== -1; position = slots[slot] ?? -1) {
      if (hashes[position] === hash) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }
  for (const [position, hash] of hashes.entries()) slots[slotOf(hash)] = position;

  return {
    find: (hash) => slots[slotOf(hash)] ?? -1,
    block: (position) => blocks[position] ?? 0,
    line: (position) => lines[position] ?? 0,
    isShared: (position) => shared[position] === 1,
  };
}
