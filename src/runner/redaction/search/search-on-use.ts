import { ScanMemory } from './scan-kernel.ts';
import { nowhere, type SecretSearch } from './secret-search.ts';

/**
 * A search that is made when it first looks at a byte. Its tables take milliseconds to make: the command starts without
 * waiting for them, and one that prints nothing never needs them.
 */
export function searchOnUse(
  make: (memory: ScanMemory) => SecretSearch,
  memory: ScanMemory = new ScanMemory(),
): SecretSearch {
  let made: SecretSearch | null = null;
  const search = () => (made ??= make(memory));
  return {
    get longest() {
      return search().longest;
    },
    get steps() {
      return made?.steps ?? 0;
    },
    room: () => memory.room(),
    look(text, before, final) {
      if (text.length > 0 || made !== null) search().look(text, before, final);
    },
    next: (from) => made?.next(from) ?? nowhere,
    leftOpen: () => search().leftOpen(),
    staysOpen: (start, text, before) => search().staysOpen(start, text, before),
    isQuarterAtMost: (at) => search().isQuarterAtMost(at),
  };
}
