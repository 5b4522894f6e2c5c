import { createHash } from 'node:crypto';
import type { TokenCredential } from '@azure/identity';
import { LogsQueryClient, LogsQueryResultStatus, type LogsTable } from '@azure/monitor-query';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import type { RawRows, RetrievalLog } from '../audit/collection/retrieval-log.ts';
import type { Vault } from '../secrets/secret-reference.ts';
import { ServiceError } from '../service-error.ts';
import { bindQuery, type QueryFile, readQueryFile } from './bind-query.ts';

export interface LogAnalytics {
  /** `https://api.loganalytics.io`, or the embedded cloud's. Only https: the client refuses to send a token otherwise. */
  readonly endpoint: string;
  readonly workspaceId: string;
  readonly credential: TokenCredential;
  /** PEM of the embedded cloud's certificate; absent where the system's authorities vouch. */
  readonly certificate?: string;
  readonly vaults: readonly Vault[];
}

interface Answer {
  readonly tables: readonly LogsTable[];
  readonly sha256: string;
}

type Cell = LogsTable['rows'][number][number];

// The service's own default is three minutes; a slice of 50,000 rows needs seconds.
const serverTimeoutSeconds = 180;

/**
 * The retrieval log over the Log Analytics query API. Everything that knows `@azure/monitor-query` is in this file, so
 * that its successor `@azure/monitor-query-logs` replaces one file.
 * Source: Azure Monitor Log Analytics API limits, timeouts and cache, read November 2026.
 */
export function logAnalyticsRetrievalLog(workspace: LogAnalytics): RetrievalLog {
  const { endpoint, workspaceId, credential, certificate, vaults } = workspace;
  const retrievals = readQueryFile('retrievals.kql');
  const totals = readQueryFile('control-totals.kql');
  const client = new LogsQueryClient(credential, {
    endpoint: endpoint.replace(/\/+$/, ''),
    // A 504 has cost the server minutes already: bisecting helps, repeating does not.
    retryOptions: { maxRetries: 1 },
    ...(certificate === undefined ? {} : { tlsOptions: { ca: certificate } }),
  });

  return {
    async rows(interval): Promise<RawRows> {
      const { tables, sha256 } = await run(retrievals, interval);
      return { rows: tables.flatMap(toRows), answerSha256: sha256, query: retrievals };
    },

    async controlTotals(interval) {
      const { tables } = await run(totals, interval);
      return new Map(tables.flatMap(toRows).map(({ Hour, Rows }) => [String(Hour), Number(Rows)]));
    },
  };

  async function run(query: QueryFile, { from, to }: ReportingPeriod): Promise<Answer> {
    const bound = bindQuery(query, { from, to, vaults });
    const hash = createHash('sha256');
    try {
      const result = await client.queryWorkspace(
        workspaceId,
        bound,
        // Applied in addition to the query's own bounds, so it must be the same interval.
        { startTime: from, endTime: to },
        {
          serverTimeoutInSeconds: serverTimeoutSeconds,
          // Answers are cached for two minutes by default: a time of collection would be a lie.
          requestOptions: { customHeaders: { 'cache-control': 'no-cache' } },
          onResponse: ({ bodyAsText }) => {
            hash.update(bodyAsText ?? '');
          },
        },
      );
      if (result.status === LogsQueryResultStatus.Success) return { tables: result.tables, sha256: hash.digest('hex') };
    } catch (cause) {
      if (statusOf(cause) === 204) return { tables: [], sha256: hash.digest('hex') }; // An empty workspace.
      if (statusOf(cause) !== 504) throw failure(cause);
    }
    // A part only, or too much for the time: whatever it says of itself, the remedy is to ask for less.
    throw new ServiceError('LOG_QUERY_PARTIAL', {
      workspace: workspaceId,
      from: from.toISOString(),
      to: to.toISOString(),
    });
  }

  function failure(cause: unknown): ServiceError {
    return new ServiceError(
      'LOG_QUERY_FAILED',
      { workspace: workspaceId, status: statusOf(cause), code: codeOf(cause) },
      { cause },
    );
  }
}

function toRows({ columnDescriptors, rows }: LogsTable): Readonly<Record<string, unknown>>[] {
  const names = columnDescriptors.map(({ name }, index) => name ?? `column${String(index)}`);
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, plain(row[index])])));
}

/** The client makes dates of datetimes; what is kept is JSON. Empty cells are left as `null`. */
function plain(cell: Cell | undefined): unknown {
  return cell instanceof Date ? cell.toISOString() : (cell ?? null);
}

function statusOf(error: unknown): number | null {
  const status: unknown = error instanceof Error && 'statusCode' in error ? error.statusCode : null;
  return typeof status === 'number' ? status : null;
}

/** The service's own code, such as `BadArgumentError`: a word, never its free text. */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : 'unknown';
}
