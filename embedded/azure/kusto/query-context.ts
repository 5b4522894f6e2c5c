import type { ExpressionScope } from './compile-expression.ts';
import type { KustoTable, KustoValue } from './kusto-value.ts';
import type { KustoNode } from './parse-kusto.ts';

/** The state of a running query. */
export interface QueryContext {
  /** Tables of the workspace, by name. */
  readonly tables: ReadonlyMap<string, KustoTable>;
  /** Scalars of `let` statements. */
  readonly variables: Map<string, KustoValue>;
  /** Tabular expressions of `let` statements, evaluated once. */
  readonly views: Map<string, KustoTable>;
  readonly now: number;
  runTable(node: KustoNode): KustoTable;
}

/** The scope of a scalar expression over rows of these columns. */
export function scopeOf(context: QueryContext, columns: KustoTable['columns']): ExpressionScope {
  return { columns, variables: context.variables, now: context.now, runTable: (node) => context.runTable(node) };
}
