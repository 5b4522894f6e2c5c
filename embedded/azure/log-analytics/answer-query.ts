import { randomUUID } from 'node:crypto';
import { fromUnix } from '../kusto/kusto-time.ts';
import { compareValues, KustoRefusal, type KustoTable } from '../kusto/kusto-value.ts';
import type { KustoSchema } from '../kusto/parse-kusto.ts';
import { parseOnce } from '../kusto/parse-once.ts';
import { runQuery } from '../kusto/run-query.ts';
import { toCell, toTable } from './kusto-cells.ts';
import { parseTimespan } from './query-timespan.ts';
import { unlistedColumns } from './workspace-schema.ts';

export interface QueryRequest {
  readonly query: string;
  /** ISO 8601: `start/end` or a length up to now. Applies in addition to the query's own time filters. */
  readonly timespan: string | null;
}

export interface QueryAnswer {
  readonly status: number;
  readonly body: object;
}

/** Runs a query over the log's rows and formats the result, or the refusal, like the query API. */
export function answerQuery(
  request: QueryRequest,
  rows: readonly Readonly<Record<string, unknown>>[],
  now: Date,
  mostRows: number | null,
  schema: KustoSchema,
): QueryAnswer {
  try {
    const interval = request.timespan === null ? null : parseTimespan(request.timespan, now);
    if (request.timespan !== null && !interval)
      return refuse('BadArgumentError', `Invalid timespan: ${request.timespan}`);
    const tables = new Map(
      schema.tables.map(({ name, columns }) => [
        name,
        within(
          interval,
          toTable(
            columns,
            rows.filter((row) => row['Type'] === name),
          ),
        ),
      ]),
    );
    const root = parseOnce(request.query, schema);
    return toAnswer(withoutUnlisted(runQuery(root, tables, now.getTime()), request.query), mostRows);
  } catch (cause) {
    if (!(cause instanceof KustoRefusal)) throw cause;
    return refuse(cause.kind, cause.message);
  }
}

function within(interval: readonly [Date, Date] | null, table: KustoTable): KustoTable {
  const index = table.columns.findIndex(({ name }) => name === 'TimeGenerated');
  if (!interval) return table;
  const [from, to] = [fromUnix(interval[0].getTime()), fromUnix(interval[1].getTime())];
  return {
    columns: table.columns,
    rows: table.rows.filter((row) => {
      const time = row[index] ?? null;
      return time !== null && compareValues(time, from) >= 0 && compareValues(time, to) < 0;
    }),
  };
}

function withoutUnlisted(table: KustoTable, query: string): KustoTable {
  const kept = table.columns.flatMap(({ name }, index) =>
    unlistedColumns.includes(name) && !query.includes(name) ? [] : [index],
  );
  if (kept.length === table.columns.length) return table;
  return {
    columns: table.columns.filter((_, index) => kept.includes(index)),
    rows: table.rows.map((row) => kept.map((index) => row[index] ?? null)),
  };
}

function toAnswer(table: KustoTable, mostRows: number | null): QueryAnswer {
  const cut = mostRows !== null && table.rows.length > mostRows;
  const shown = cut ? table.rows.slice(0, mostRows) : table.rows;
  const rows = shown.map((row) => row.map((value, index) => toCell(value, table.columns[index]?.type ?? 'dynamic')));
  return {
    status: 200,
    body: {
      tables: [{ name: 'PrimaryResult', columns: table.columns, rows }],
      ...(cut ? { error: partialError(mostRows) } : {}),
    },
  };
}

/** The error beside a partial result, which still has status 200. */
function partialError(mostRows: number): object {
  return {
    code: 'PartialError',
    message: 'There were some errors when processing your query.',
    details: [
      {
        code: 'EngineError',
        message: 'Something went wrong processing your query on the server.',
        innererror: {
          code: '-2133196797',
          message: `The results of this query exceed the set limit of ${mostRows} records, so not all records were returned (E_QUERY_RESULT_SET_TOO_LARGE, 0x80DA0003).`,
          severity: 2,
          severityName: 'Error',
        },
      },
    ],
  };
}

function refuse(innerCode: string, message: string): QueryAnswer {
  return {
    status: 400,
    body: {
      error: {
        message: 'The request had some invalid properties',
        code: 'BadArgumentError',
        correlationId: randomUUID(),
        innererror: { code: innerCode, message },
      },
    },
  };
}
