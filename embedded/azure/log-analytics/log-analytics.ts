/**
 * The Log Analytics query API over the audit log: https with its own certificate, because the clients refuse http. A
 * repeated request is answered from cache for two minutes of the clock, as in Azure, unless it has `Cache-Control:
 * no-cache`.
 */
export interface EmbeddedLogAnalytics {
  /** `https://localhost:PORT`, to be used as the endpoint. */
  readonly url: string;
  readonly workspaceId: string;
  /** PEM, for `tlsOptions.ca`. */
  readonly certificate: string;
  /** Removes these columns from the table, as in a workspace where no row has had them yet. */
  dropColumns(table: 'AZKVAuditLogs' | 'AzureDiagnostics', names: readonly string[]): void;
  /** Above this many rows, answers with a partial result and an error; `null` means no limit. */
  limitRows(most: number | null): void;
  /** With `true` the workspace has no table: 204, no body. */
  answerEmpty(on: boolean): void;
  /** Refuses the next N queries with this status: 429 (with Retry-After where seconds are given), 504, … */
  failNext(status: number, times: number, retryAfterSeconds?: number | null): void;
}
