import { type KustoRow, nameOf } from './compile-expression.ts';
import { absent, keyOf, type KustoTable, type KustoValue, unsupported } from './kusto-value.ts';
import { listOf } from './literal-value.ts';
import type { KustoNode } from './parse-kusto.ts';
import type { QueryContext } from './query-context.ts';

/** `join` on equal columns. Without a kind it is `innerunique`: one left row per key. */
export function runJoin(node: KustoNode, left: KustoTable, context: QueryContext): KustoTable {
  const parameters = node.children.find((child) => child.kind === 'List');
  const kind =
    parameters?.children.find((parameter) => nameOf(parameter.children[0]) === 'kind')?.children[2]?.text ??
    'innerunique';
  const operand = node.children[2];
  const clause = node.children.find((child) => child.kind === 'JoinOnClause');
  if (!operand || !clause) throw unsupported('join without on');
  const right = context.runTable(operand);
  const pairs = listOf(clause).map(columnPair);
  const leftKey = keyBy(
    left,
    pairs.map(([name]) => name),
  );
  const rightKey = keyBy(
    right,
    pairs.map(([, name]) => name),
  );

  const matches = new Map<string, KustoRow[]>();
  for (const row of right.rows) matches.set(rightKey(row), [...(matches.get(rightKey(row)) ?? []), row]);
  const found = (row: KustoRow) => matches.get(leftKey(row)) ?? [];
  const nothing = right.columns.map(({ type }) => absent(type));
  const paired = (rows: readonly KustoRow[]) => rows.flatMap((row) => found(row).map((other) => [...row, ...other]));

  switch (kind) {
    case 'inner':
      return { columns: node.columns, rows: paired(left.rows) };
    case 'innerunique': {
      const unique = new Map<string, KustoRow>();
      for (const row of left.rows) if (!unique.has(leftKey(row))) unique.set(leftKey(row), row);
      return { columns: node.columns, rows: paired([...unique.values()]) };
    }
    case 'leftouter':
      return {
        columns: node.columns,
        rows: left.rows.flatMap((row) => (found(row).length > 0 ? paired([row]) : [[...row, ...nothing]])),
      };
    case 'leftsemi':
      return { columns: node.columns, rows: left.rows.filter((row) => found(row).length > 0) };
    case 'leftanti':
    case 'anti':
      return { columns: node.columns, rows: left.rows.filter((row) => found(row).length === 0) };
    default:
      throw unsupported(`join kind=${kind}`);
  }
}

/** `on Name` or `on $left.A == $right.B`. */
function columnPair(node: KustoNode): readonly [string, string] {
  if (node.kind === 'NameReference') return [nameOf(node), nameOf(node)];
  const [left, , right] = node.children;
  const isPair =
    node.kind === 'EqualExpression' && left?.text.startsWith('$left.') && right?.text.startsWith('$right.');
  if (!isPair) throw unsupported('A join on anything but equal columns');
  return [nameOf(left?.children[2]), nameOf(right?.children[2])];
}

function keyBy(table: KustoTable, names: readonly string[]): (row: readonly KustoValue[]) => string {
  const indexes = names.map((name) => table.columns.findIndex((column) => column.name === name));
  return (row) => keyOf(indexes.map((index) => row[index] ?? null));
}
