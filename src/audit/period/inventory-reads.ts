import { dayMs } from '../../secrets/duration.ts';
import type { InventoriedSecret, SecretInventoryEntry } from '../model/audited-period.ts';
import type { Retrieval } from '../model/retrieval.ts';

/** Counts the reads of each secret of the inventory. `asOf` (milliseconds) is the time at which ages are measured. */
export function countInventory(
  secrets: readonly InventoriedSecret[],
  asOf: number,
): { see(retrieval: Retrieval): void; entries(): readonly SecretInventoryEntry[] } {
  const reads = new Map<string, { count: number; lastReadAt: string }>();
  return {
    see({ vault, secret, at }) {
      const key = `${vault}/${secret ?? ''}`;
      const known = reads.get(key);
      if (known === undefined) reads.set(key, { count: 1, lastReadAt: at });
      else {
        known.count += 1;
        if (at > known.lastReadAt) known.lastReadAt = at;
      }
    },
    entries: () =>
      secrets
        .map((secret): SecretInventoryEntry => {
          // Tags stay out of reports, because anyone may have written anything there.
          const { tags: _tags, ...entry } = secret;
          const read = reads.get(`${entry.vault}/${entry.secret}`.toLowerCase());
          const ageDays = Math.max(0, Math.floor((asOf - Date.parse(entry.created)) / dayMs));
          return { ...entry, ageDays, reads: read?.count ?? 0, lastReadAt: read?.lastReadAt ?? null };
        })
        .sort((a, b) => (`${a.vault}/${a.secret}` < `${b.vault}/${b.secret}` ? -1 : 1)),
  };
}
