import { createHash } from 'node:crypto';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import type { RawRows, RetrievalLog } from '../audit/collection/retrieval-log.ts';
import type { Vault } from '../secrets/secret-reference.ts';
import { ServiceError } from '../service-error.ts';
import { bindQuery, type QueryFile, readQueryFile } from './bind-query.ts';
import { type LogCell, type LogTable, type QueryWorkspace, statusOf } from './query-workspace.ts';

interface Answer {
  readonly tables: readonly LogTable[];
  readonly sha256: string;
}

/**
 * The retrieval log over the Log Analytics query API, with either client.
 * Source: Azure Monitor Log Analytics API limits, timeouts and cache, read November 2026.
 */
export function logAnalyticsRetrievalLog(
  query: QueryWorkspace,
  { workspaceId, vaults }: { readonly workspaceId: string; readonly vaults: readonly Vault[] },
): RetrievalLog {
  const retrievals = readQueryFile('retrievals.kql');
  const totals = readQueryFile('control-totals.kql');

  return {
    name: retrievals.name,

    async rows(interval): Promise<RawRows> {
      const { tables, sha256 } = await run(retrievals, interval);
      return { rows: tables.flatMap(toRows), answerSha256: sha256, query: retrievals };
    },

    async controlTotals(interval) {
      const { tables } = await run(totals, interval);
      return new Map(tables.flatMap(toRows).map(({ Hour, Rows }) => [String(Hour), Number(Rows)]));
    },
  };

  async function run(file: QueryFile, { from, to }: ReportingPeriod): Promise<Answer> {
    const answer = await query(bindQuery(file, { from, to, vaults }), { from, to }).catch((cause: unknown) => {
      const status = statusOf(cause);
      throw new ServiceError('LOG_QUERY_FAILED', { workspace: workspaceId, status, code: codeOf(cause) }, { cause });
    });
    if (answer.outcome === 'whole')
      return { tables: answer.tables, sha256: createHash('sha256').update(answer.text).digest('hex') };
    // A partial result, or a timeout: in either case the remedy is to ask for less.
    const period = { from: from.toISOString(), to: to.toISOString() };
    throw new ServiceError('LOG_QUERY_PARTIAL', { workspace: workspaceId, ...period });
  }
}

function toRows({ columns, rows }: LogTable): Readonly<Record<string, unknown>>[] {
  return rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, plain(row[index])])));
}

/** The clients convert datetimes to dates; stored rows are JSON. Empty cells stay `null`. */
function plain(cell: LogCell): unknown {
  return cell instanceof Date ? cell.toISOString() : (cell ?? null);
}

/** The service's own code, such as `BadArgumentError`, never its free text. */
function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : 'unknown';
}
