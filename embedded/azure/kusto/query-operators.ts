import { compileExpression, type Evaluate, type KustoRow, nameOf } from './compile-expression.ts';
import { compareValues, type KustoTable, unsupported } from './kusto-value.ts';
import { keyOf } from './kusto-value.ts';
import { listOf } from './literal-value.ts';
import type { KustoNode } from './parse-kusto.ts';
import { type QueryContext, scopeOf } from './query-context.ts';

/**
 * Runs one operator that takes a single table. Its columns come from the parser, so that generated names match
 * Microsoft's.
 */
export function runOperator(node: KustoNode, input: KustoTable, context: QueryContext): KustoTable {
  const scope = scopeOf(context, input.columns);
  const { columns } = node;
  switch (node.kind) {
    case 'FilterOperator': {
      const keep = compileExpression(last(node), scope);
      return { columns: input.columns, rows: input.rows.filter((row) => keep(row) === true) };
    }
    case 'ProjectOperator': {
      const cells = listOf(node).map((expression) => compileExpression(expression, scope));
      return { columns, rows: input.rows.map((row) => cells.map((cell) => cell(row))) };
    }
    case 'ExtendOperator':
      return extend(node, input, context);
    case 'ProjectAwayOperator':
    case 'ProjectKeepOperator':
    case 'ProjectReorderOperator':
      return pick(
        input,
        columns.map(({ name }) => name),
        columns,
      );
    case 'ProjectRenameOperator': {
      const before = new Map(listOf(node).map((pair) => [nameOf(pair.children[0]), nameOf(pair.children[2])]));
      return pick(
        input,
        columns.map(({ name }) => before.get(name) ?? name),
        columns,
      );
    }
    case 'DistinctOperator': {
      const picked = pick(
        input,
        columns.map(({ name }) => name),
        columns,
      );
      return { columns, rows: [...new Map(picked.rows.map((row) => [keyOf(row), row])).values()] };
    }
    case 'SortOperator':
      return { columns: input.columns, rows: input.rows.toSorted(orderOf(last(node).children, input, context)) };
    case 'TakeOperator':
      return { columns: input.columns, rows: input.rows.slice(0, countOf(last(node), context)) };
    case 'TopOperator': {
      const [, , most, , by] = node.children;
      if (!most || !by) throw unsupported('An incomplete top');
      const sorted = input.rows.toSorted(orderOf([by], input, context));
      return { columns: input.columns, rows: sorted.slice(0, countOf(most, context)) };
    }
    case 'CountOperator':
      return { columns, rows: [[input.rows.length]] };
    case 'AsOperator':
      return input;
    default:
      throw unsupported(`The operator ${node.children[0]?.text ?? node.kind}`);
  }
}

function extend(node: KustoNode, input: KustoTable, context: QueryContext): KustoTable {
  const scope = scopeOf(context, input.columns);
  const added = listOf(node).map((expression) => {
    if (expression.kind !== 'SimpleNamedExpression') throw unsupported('extend without a name for its column');
    return { name: nameOf(expression.children[0]), value: compileExpression(expression, scope) };
  });
  const cells = node.columns.map(({ name }): Evaluate => {
    const fresh = added.find((one) => one.name === name);
    const index = input.columns.findIndex((column) => column.name === name);
    return fresh ? fresh.value : (row) => row[index] ?? null;
  });
  return { columns: node.columns, rows: input.rows.map((row) => cells.map((cell) => cell(row))) };
}

function pick(input: KustoTable, names: readonly string[], columns: KustoTable['columns']): KustoTable {
  const indexes = names.map((name) => input.columns.findIndex((column) => column.name === name));
  return { columns, rows: input.rows.map((row) => indexes.map((index) => row[index] ?? null)) };
}

/** Descending by default; nulls sort as the smallest by default. */
function orderOf(
  nodes: readonly KustoNode[],
  input: KustoTable,
  context: QueryContext,
): (one: KustoRow, other: KustoRow) => number {
  const orders = nodes.map((node) => {
    const ordered = node.kind === 'OrderedExpression' && node.children[0] ? node.children[0] : node;
    const clause = node.kind === 'OrderedExpression' ? (node.children[1]?.text ?? '') : '';
    const ascending = clause.startsWith('asc');
    const nullsFirst = clause.includes('nulls') ? clause.endsWith('first') : ascending;
    return { value: compileExpression(ordered, scopeOf(context, input.columns)), ascending, nullsFirst };
  });
  return (one, other) => {
    for (const { value, ascending, nullsFirst } of orders) {
      const [left, right] = [value(one), value(other)];
      if (left === null && right === null) continue;
      if (left === null || right === null) return (left === null) === nullsFirst ? -1 : 1;
      const order = compareValues(left, right);
      if (order !== 0) return ascending ? order : -order;
    }
    return 0;
  };
}

function countOf(node: KustoNode, context: QueryContext): number {
  const count = compileExpression(node, scopeOf(context, []))([]);
  if (typeof count !== 'number') throw unsupported('A number of rows that is no number');
  return count;
}

/** The operator's last part: its condition, its count or, after `by`, its list. */
function last(node: KustoNode): KustoNode {
  const part = node.children.at(-1);
  if (!part) throw unsupported(`An incomplete ${node.kind}`);
  return part;
}
