import type { ReportingPeriod } from '../model/audited-period.ts';

/** One answer of the log store, raw enough to be hashed and read again. */
export interface RawRows {
  /** Each row as the store gave it, by column name; times as text with all their digits. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** sha256 of the answer's bytes. */
  readonly answerSha256: string;
  readonly query: { readonly name: string; readonly text: string; readonly sha256: string };
}

/** The log of what was done to the vaults. Rejects when it could not be read; an empty answer means that it was read. */
export interface RetrievalLog {
  /** The name of its query, as slices state it: of two logs each leaves the other's slices alone. */
  readonly name: string;
  /** Rows of the interval, ascending. @throws ServiceError `LOG_QUERY_PARTIAL` when the store gave a part only: bisect. */
  rows(interval: ReportingPeriod): Promise<RawRows>;
  /** How many rows there are in each hour, by a query of its own: the control total. Keys are hours, ISO 8601. */
  controlTotals(interval: ReportingPeriod): Promise<ReadonlyMap<string, number>>;
}
