import { type KustoRow, nameOf } from './compile-expression.ts';
import { absent, type KustoColumn, type KustoTable, type KustoValue, unsupported } from './kusto-value.ts';
import type { KustoNode } from './parse-kusto.ts';
import type { QueryContext } from './query-context.ts';

/** `union`: all rows of all tables in order, in the parser's columns of the result. */
export function runUnion(node: KustoNode, input: KustoTable | null, context: QueryContext): KustoTable {
  const [parameters, operands] = node.children.filter((child) => child.kind === 'List');
  const sourceColumn = parameterOf(parameters, 'withsource');
  if (parameterOf(parameters, 'kind') === 'inner') throw unsupported('union kind=inner');
  const legs = [
    ...(input ? [{ name: 'union_arg0', table: input }] : []),
    ...(operands?.children ?? []).map((operand, index) => ({
      name: operand.kind === 'NameReference' ? nameOf(operand) : `union_arg${index + (input ? 1 : 0)}`,
      table: context.runTable(operand),
    })),
  ];
  return {
    columns: node.columns,
    rows: legs.flatMap(({ name, table }) => {
      const cells = node.columns.map((column) =>
        column.name === sourceColumn ? () => name : cellFor(column, node.columns, table.columns),
      );
      return table.rows.map((row) => cells.map((cell) => cell(row)));
    }),
  };
}

/** A column with different types in different tables appears once per type, as `name_type`. */
function cellFor(
  wanted: KustoColumn,
  all: readonly KustoColumn[],
  columns: readonly KustoColumn[],
): (row: KustoRow) => KustoValue {
  const index = columns.findIndex(
    ({ name, type }) =>
      (name === wanted.name && type === wanted.type) ||
      (`${name}_${type}` === wanted.name && type === wanted.type && !all.some((column) => column.name === name)),
  );
  return index < 0 ? () => absent(wanted.type) : (row) => row[index] ?? absent(wanted.type);
}

function parameterOf(list: KustoNode | undefined, name: string): string | null {
  const found = list?.children.find((parameter) => nameOf(parameter.children[0]) === name);
  return found?.children[2]?.text ?? null;
}
