import { dayMs } from '../../secrets/duration.ts';
import type { InventoriedSecret, SecretInventoryEntry } from '../model/audited-period.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { subjectOf } from '../model/retrieval-names.ts';

interface SecretReads {
  count: number;
  lastReadAt: string;
}

/** Reads by `vault/secret`: plain data. */
export type ReadsBySecret = ReadonlyMap<string, Readonly<SecretReads>>;

/** Counts the reads of each secret of the inventory. `asOf` (milliseconds) is the time at which ages are measured. */
export function countInventory(
  secrets: readonly InventoriedSecret[],
  asOf: number,
): {
  see(retrieval: Retrieval): void;
  take(): ReadsBySecret;
  /** Adds the reads of another share of the period. */
  absorb(share: ReadsBySecret): void;
  entries(): readonly SecretInventoryEntry[];
} {
  const reads = new Map<string, SecretReads>();
  const add = (key: string, count: number, at: string) => {
    const known = reads.get(key);
    if (known === undefined) {
      reads.set(key, { count, lastReadAt: at });
      return;
    }
    known.count += count;
    if (at > known.lastReadAt) known.lastReadAt = at;
  };
  return {
    see(retrieval) {
      const { vault, secret, at } = retrieval;
      add(secret === null ? `${vault}/` : subjectOf(retrieval), 1, at);
    },
    take: () => reads,
    absorb(share) {
      for (const [key, { count, lastReadAt }] of share) add(key, count, lastReadAt);
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
