/** The vault's audit log, as rows of AZKVAuditLogs. */
export interface EmbeddedAuditLog {
  /** How long a row takes to become visible to queries. */
  setDelay(milliseconds: number): void;
  /** Rows in this half-open interval never arrive, to simulate an hour without rows. */
  drop(from: Date, to: Date): void;
  /** Rows that are visible to queries now, in the table's columns. */
  rows(): readonly Readonly<Record<string, unknown>>[];
  /**
   * Adds a row as if the vault had written it. Missing columns are filled in (table, times, item id), and the row is
   * visible at once. With `Type: 'AzureDiagnostics'` it goes to the older table.
   */
  append(row: Readonly<Record<string, unknown>>): void;
}
