/** The vault's audit log, as rows of AZKVAuditLogs. */
export interface EmbeddedAuditLog {
  /** How long a row takes to be seen by a query. */
  setDelay(milliseconds: number): void;
  /** Rows whose time lies in this half-open interval never arrive: an hour without rows. */
  drop(from: Date, to: Date): void;
  /** Rows that a query sees now, in the columns of the table. */
  rows(): readonly Readonly<Record<string, unknown>>[];
  /**
   * Puts a row in as if the vault had written it. What it does not say is filled in: table, times, item id; it is seen at once.
   * With `Type: 'AzureDiagnostics'` it stands in the older table.
   */
  append(row: Readonly<Record<string, unknown>>): void;
}
