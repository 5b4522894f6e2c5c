import type { QueryRecord } from '../model/audited-period.ts';
import type { RetrievalCollection } from '../collection/retrieval-collection.ts';
import type { SliceHeader } from '../collection/slice.ts';

/** Whether the rows came from files: their total is our own count of the same file, and so no control total. */
export function countsItself({ query }: SliceHeader): boolean {
  return query.name === 'files' || query.name === 'archive';
}

/** Sums rows and control totals by query. Overlapping slices count shared rows twice, in both sums. */
export function createQueryRecords(collection: RetrievalCollection | null): {
  see(header: SliceHeader): void;
  all(): readonly QueryRecord[];
} {
  const sums = new Map<string, QueryRecord>();
  return {
    see(header) {
      const { query, count, controlTotal } = header;
      const { name, sha256 } = query;
      const known = sums.get(sha256);
      sums.set(sha256, {
        name,
        sha256,
        text: collection?.queries[sha256]?.text ?? '',
        rows: (known?.rows ?? 0) + count,
        controlTotal: countsItself(header) ? null : (known?.controlTotal ?? 0) + controlTotal,
      });
    },
    all: () => [...sums.values()].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1)),
  };
}
