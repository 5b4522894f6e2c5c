import { compileExpression, nameOf } from './compile-expression.ts';
import { runJoin } from './join-tables.ts';
import { type KustoTable, unsupported } from './kusto-value.ts';
import type { KustoNode } from './parse-kusto.ts';
import { type QueryContext, scopeOf } from './query-context.ts';
import { runOperator } from './query-operators.ts';
import { runSummarize } from './summarize-rows.ts';
import { runUnion } from './union-tables.ts';

/**
 * Runs a parsed and checked query over tables and returns its result.
 * @throws KustoRefusal naming the first operator, function or statement that it does not know.
 */
export function runQuery(root: KustoNode, tables: ReadonlyMap<string, KustoTable>, now: number): KustoTable {
  const context: QueryContext = {
    tables,
    variables: new Map(),
    views: new Map(),
    now,
    runTable: (node) => runTable(node, context),
  };
  let result: KustoTable | null = null;
  for (const statement of root.children.flatMap((child) => (child.kind === 'List' ? child.children : []))) {
    if (statement.kind === 'LetStatement') declare(statement, context);
    else if (statement.kind === 'ExpressionStatement' && statement.children[0]) {
      if (result) throw unsupported('More than one query in a request');
      result = runTable(statement.children[0], context);
    } else throw unsupported(statement.kind);
  }
  if (!result) throw unsupported('A request without a query');
  return result;
}

function declare(statement: KustoNode, context: QueryContext): void {
  const [, declared, , value] = statement.children;
  if (!value) throw unsupported('An incomplete let statement');
  if (value.kind === 'FunctionDeclaration') throw unsupported('A function declared by let');
  if (isTabular(value, context)) context.views.set(nameOf(declared), runTable(value, context));
  else context.variables.set(nameOf(declared), compileExpression(value, scopeOf(context, []))([]));
}

function isTabular(node: KustoNode, context: QueryContext): boolean {
  const name = nameOf(node);
  return (
    node.kind.endsWith('Operator') ||
    node.kind === 'PipeExpression' ||
    context.tables.has(name) ||
    context.views.has(name)
  );
}

function runTable(node: KustoNode, context: QueryContext): KustoTable {
  const [first, second, third] = node.children;
  switch (node.kind) {
    case 'ParenthesizedExpression':
      if (second) return runTable(second, context);
      break;
    case 'NameReference': {
      const table = context.views.get(nameOf(node)) ?? context.tables.get(nameOf(node));
      if (table) return table;
      break;
    }
    case 'UnionOperator':
      return runUnion(node, null, context);
    case 'PipeExpression':
      if (first && third) return runPiped(third, runTable(first, context), context);
      break;
    default:
  }
  throw unsupported(node.kind);
}

function runPiped(operator: KustoNode, input: KustoTable, context: QueryContext): KustoTable {
  switch (operator.kind) {
    case 'UnionOperator':
      return runUnion(operator, input, context);
    case 'JoinOperator':
      return runJoin(operator, input, context);
    case 'SummarizeOperator':
      return runSummarize(operator, input, context);
    default:
      return runOperator(operator, input, context);
  }
}
