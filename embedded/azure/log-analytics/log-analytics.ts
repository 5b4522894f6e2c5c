/**
 * The Log Analytics query API over the audit log: https with a certificate of its own, since the clients refuse http.
 * A repeated request is answered from memory for two minutes of the clock, as by Azure, unless it says `Cache-Control: no-cache`.
 */
export interface EmbeddedLogAnalytics {
  /** `https://localhost:PORT`, to be used as the endpoint. */
  readonly url: string;
  readonly workspaceId: string;
  /** PEM, for `tlsOptions.ca`. */
  readonly certificate: string;
  /** The table has these columns no more, as in a workspace where no row has carried them yet. */
  dropColumns(table: 'AZKVAuditLogs' | 'AzureDiagnostics', names: readonly string[]): void;
  /** Answers with a part of the rows and an error above this many; `null` is without limit. */
  limitRows(most: number | null): void;
  /** With `true` every query meets a workspace without a single table: 204, no body. */
  answerEmpty(on: boolean): void;
  /** The next so many queries are refused with this status: 429 (with Retry-After where seconds are given), 504, … */
  failNext(status: number, times: number, retryAfterSeconds?: number | null): void;
}
