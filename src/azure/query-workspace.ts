import type { TokenCredential } from '@azure/core-auth';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';

/** How a query client reaches one workspace. */
export interface LogAnalytics {
  /** `https://api.loganalytics.io`, or the embedded cloud's. Only https: the clients refuse to send a token otherwise. */
  readonly endpoint: string;
  /** The token's audience: `https://api.loganalytics.io`, or another cloud's. */
  readonly audience: string;
  readonly workspaceId: string;
  readonly credential: TokenCredential;
  /** PEM of the embedded cloud's certificate; absent for a certificate that the system trusts. */
  readonly certificate?: string;
}

/** A cell as both clients return it. */
export type LogCell = string | number | boolean | Date | Readonly<Record<string, unknown>> | null | undefined;

export interface LogTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly LogCell[])[];
}

/** `partial`: the service returned a partial result or timed out. `text` is the raw body of the answer. */
type LogAnswer =
  | { readonly outcome: 'whole'; readonly tables: readonly LogTable[]; readonly text: string }
  | { readonly outcome: 'partial' };

/**
 * Runs one query over an interval, which applies in addition to the query's own bounds. An empty workspace answers 204:
 * a complete answer without tables. Rejects with the client's own error, which has `statusCode` and `code`.
 */
export type QueryWorkspace = (query: string, interval: ReportingPeriod) => Promise<LogAnswer>;

/** The service's own default is three minutes; a slice of 50,000 rows needs seconds. */
export const serverTimeoutSeconds = 180;
/** A 504 has already cost the server minutes: bisecting helps, repeating does not. */
export const mostRetries = 1;
/** Answers are cached for two minutes by default, which would falsify the time of collection. */
export const uncached = { 'cache-control': 'no-cache' };

/** Returns the HTTP status of a client's error; `null` if the service was not reached. */
export function statusOf(error: unknown): number | null {
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : null;
  return typeof status === 'number' ? status : null;
}
