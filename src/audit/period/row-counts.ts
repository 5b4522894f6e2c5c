import { createHash } from 'node:crypto';
import type { RetrievalCollection } from '../collection/retrieval-collection.ts';
import type { AuditedPeriod, SliceRecord } from '../model/audited-period.ts';
import type { DayOfRows } from './period-rows.ts';
import { type ExclusionReason, toExclusions } from './population.ts';
import { countsItself, createQueryRecords } from './query-records.ts';

/** Counts rows, exclusions, slices and queries while the rows of a period pass. */
export function createRowCounts(collection: RetrievalCollection | null): {
  see(day: DayOfRows): void;
  exclude(reason: ExclusionReason, count: number): void;
  result(): Pick<AuditedPeriod, 'rowsRead' | 'exclusions' | 'unreadableRows' | 'slices' | 'queries'>;
} {
  const queries = createQueryRecords(collection);
  const excluded = new Map<ExclusionReason, number>();
  const unreadableRows: { readonly place: string; readonly reason: string }[] = [];
  const slices: SliceRecord[] = [];
  let rowsRead = 0;
  const exclude = (reason: ExclusionReason, count: number) => {
    excluded.set(reason, (excluded.get(reason) ?? 0) + count);
  };
  return {
    exclude,
    see(day) {
      rowsRead += day.rowsRead;
      exclude('outside the period', day.outside);
      exclude('not readable as an audit row', day.unreadable.length);
      exclude('a further record of an event that is already counted', day.duplicates);
      unreadableRows.push(...day.unreadable);
      for (const { path, bytes, header, isIntact } of day.slices) {
        const { added: rows, count } = header;
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        const controlTotal = countsItself(header) ? null : header.controlTotal;
        slices.push({ path, sha256, rows, count, controlTotal, isIntact });
        queries.see(header);
      }
    },
    result: () => ({
      rowsRead,
      exclusions: toExclusions(excluded),
      unreadableRows,
      slices,
      queries: queries.all(),
    }),
  };
}
