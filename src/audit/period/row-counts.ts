import type { RetrievalCollection } from '../collection/retrieval-collection.ts';
import type { SliceHeader } from '../collection/slice.ts';
import type { AuditedPeriod, SliceRecord } from '../model/audited-period.ts';
import type { Excluded } from './excluded-row.ts';
import type { DayOfRows } from './period-rows.ts';
import { type ExclusionReason, toExclusions } from './population.ts';
import { countsItself, createQueryRecords } from './query-records.ts';

/** Rows, exclusions and slices of a share of a period: plain data. */
export interface CountedRows {
  readonly rowsRead: number;
  readonly excluded: ReadonlyMap<ExclusionReason, number>;
  readonly unreadable: DayOfRows['unreadable'];
  readonly slices: readonly { readonly record: SliceRecord; readonly header: SliceHeader }[];
}

/** Counts rows, exclusions, slices and queries while the rows of a period pass. */
export interface RowCounts {
  see(day: DayOfRows): void;
  /** Counts a row that a step leaves out. */
  exclude(row: Excluded): void;
  take(): CountedRows;
  /** Adds a later share. */
  absorb(share: CountedRows): void;
  result(
    collection: RetrievalCollection | null,
  ): Pick<AuditedPeriod, 'rowsRead' | 'exclusions' | 'unreadableRows' | 'slices' | 'queries'>;
}

export function createRowCounts(): RowCounts {
  const excluded = new Map<ExclusionReason, number>();
  const unreadable: { readonly place: string; readonly reason: string }[] = [];
  const slices: { readonly record: SliceRecord; readonly header: SliceHeader }[] = [];
  let rowsRead = 0;
  const add = (reason: ExclusionReason, count: number) => {
    excluded.set(reason, (excluded.get(reason) ?? 0) + count);
  };
  return {
    exclude: ({ step }) => add(step, 1),
    see(day) {
      rowsRead += day.rowsRead;
      for (const one of day.unreadable) unreadable.push(one);
      for (const { path, sha256, header, isIntact } of day.slices) {
        const { added: rows, count } = header;
        const controlTotal = countsItself(header) ? null : header.controlTotal;
        slices.push({ record: { path, sha256, rows, count, controlTotal, isIntact }, header });
      }
    },
    take: () => ({ rowsRead, excluded, unreadable, slices }),
    absorb(share) {
      rowsRead += share.rowsRead;
      for (const [reason, count] of share.excluded) add(reason, count);
      for (const one of share.unreadable) unreadable.push(one);
      for (const one of share.slices) slices.push(one);
    },
    result(collection) {
      const queries = createQueryRecords(collection);
      for (const { header } of slices) queries.see(header);
      return {
        rowsRead,
        exclusions: toExclusions(excluded),
        unreadableRows: unreadable,
        slices: slices.map(({ record }) => record),
        queries: queries.all(),
      };
    },
  };
}
