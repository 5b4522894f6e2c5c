import { aggregateFunctions } from './aggregate-functions.ts';
import { compileExpression, type KustoRow, nameOf } from './compile-expression.ts';
import { keyOf, type KustoTable, type KustoValue, unsupported } from './kusto-value.ts';
import { listOf } from './literal-value.ts';
import type { KustoNode } from './parse-kusto.ts';
import { type QueryContext, scopeOf } from './query-context.ts';

/** `summarize`: groups first, then aggregates, in the order of the parser's columns. */
export function runSummarize(node: KustoNode, input: KustoTable, context: QueryContext): KustoTable {
  const scope = scopeOf(context, input.columns);
  const lists = node.children.filter((child) => child.kind === 'List');
  // The first list holds parameters such as hints.
  const aggregates = (lists[1]?.children ?? []).map((one) => compileAggregate(one, input, context));
  const clause = node.children.find((child) => child.kind === 'SummarizeByClause');
  const groups = (clause ? listOf(clause) : []).map((one) => compileExpression(one, scope));
  if (node.columns.length !== groups.length + aggregates.length) throw unsupported('An aggregate of several columns');

  const members = new Map<string, { readonly values: KustoValue[]; readonly rows: KustoRow[] }>();
  for (const row of input.rows) {
    const values = groups.map((group) => group(row));
    const key = keyOf(values);
    const group = members.get(key) ?? { values, rows: [] };
    group.rows.push(row);
    members.set(key, group);
  }
  // Without groups there is always one row, even for an empty input.
  if (groups.length === 0 && members.size === 0) members.set('', { values: [], rows: [] });
  return {
    columns: node.columns,
    rows: [...members.values()].map(({ values, rows }) => [...values, ...aggregates.map((one) => one(rows))]),
  };
}

function compileAggregate(
  node: KustoNode,
  input: KustoTable,
  context: QueryContext,
): (rows: readonly KustoRow[]) => KustoValue {
  const call = node.kind === 'SimpleNamedExpression' ? node.children[2] : node;
  const name = call?.kind === 'FunctionCallExpression' ? nameOf(call.children[0]) : null;
  const aggregate = name === null ? undefined : aggregateFunctions[name];
  if (!call || !aggregate)
    throw unsupported(name === null ? 'An expression over aggregates' : `The aggregate ${name}()`);
  const values = listOf(call.children[1] ?? call).map((one) => compileExpression(one, scopeOf(context, input.columns)));
  return (rows) => aggregate(rows.map((row) => values.map((value) => value(row))));
}
