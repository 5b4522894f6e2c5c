import type { Entries } from './entry.ts';

/** Entries by their hash: the positions of those that have been added. */
export interface EntryTable {
  /** The position that was added last with this hash; -1 if there is none. */
  find(hash: number): number;
  /** Returns what `find` returned before. */
  add(position: number): number;
}

/** A table that has room for all entries. */
export function createEntryTable(entries: Entries): EntryTable {
  // At most half of the slots are taken, so that a free one ends each search soon.
  const mask = 2 ** Math.ceil(Math.log2(2 * entries.count + 1)) - 1;
  const slots = new Int32Array(mask + 1).fill(-1);

  /** The slot of the hash, or the free one where it belongs. */
  function slotOf(hash: number): number {
    let slot = (hash ^ (hash / 2 ** 32)) & mask;
    for (let position = slots[slot] ?? -1; position !== -1; position = slots[slot] ?? -1) {
      if (entries.hash(position) === hash) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  return {
    find: (hash) => slots[slotOf(hash)] ?? -1,
    add(position) {
      const slot = slotOf(entries.hash(position));
      const before = slots[slot] ?? -1;
      slots[slot] = position;
      return before;
    },
  };
}
