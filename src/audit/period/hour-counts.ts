/** Counts rows by the hours of their vaults. Neighbours are mostly of one hour and one vault. */
export interface HourCounts {
  /** `at`: ISO 8601. */
  see(at: string, vault: string): void;
  /** Adds rows that were counted elsewhere, by their key. */
  add(key: string, count: number): void;
  /** By what `keyOf` said of each hour, `2026-03-09T14:00:00Z`, and vault. */
  take(): Map<string, number>;
}

export function createHourCounts(keyOf: (hour: string, vault: string) => string): HourCounts {
  const counts = new Map<string, number>();
  let hour = '';
  let named = '';
  let alike = 0;
  const add = (key: string, count: number): void => {
    counts.set(key, (counts.get(key) ?? 0) + count);
  };
  const close = (): void => {
    if (alike > 0) add(keyOf(`${hour}:00:00Z`, named), alike);
    alike = 0;
  };
  return {
    add,
    see(at, vault) {
      if (alike === 0 || vault !== named || !at.startsWith(hour)) {
        close();
        hour = at.slice(0, 13);
        named = vault;
      }
      alike += 1;
    },
    take() {
      close();
      return counts;
    },
  };
}
