import { applyOperator } from './binary-operators.ts';
import { toText } from './convert-value.ts';
import {
  isJsonObject,
  KustoSpan,
  type KustoColumn,
  type KustoTable,
  type KustoValue,
  sameValue,
  unsupported,
} from './kusto-value.ts';
import { dynamicValue, listOf, literalValue } from './literal-value.ts';
import type { KustoNode } from './parse-kusto.ts';
import { scalarFunctions } from './scalar-functions.ts';

export type KustoRow = readonly KustoValue[];
export type Evaluate = (row: KustoRow) => KustoValue;

/** The names in an expression's scope. */
export interface ExpressionScope {
  readonly columns: readonly KustoColumn[];
  /** Scalars of `let` statements. */
  readonly variables: ReadonlyMap<string, KustoValue>;
  /** Milliseconds since 1970, for `now()` and `ago()`. */
  readonly now: number;
  /** For `in (subquery)`. */
  runTable(node: KustoNode): KustoTable;
}

/** Compiles a scalar expression into a function of a row; refuses unknown parts before any row is read. */
export function compileExpression(node: KustoNode, scope: ExpressionScope): Evaluate {
  const compile = (child: KustoNode | undefined) => {
    if (!child) throw unsupported(`An incomplete ${node.kind}`);
    return compileExpression(child, scope);
  };
  const [first, second, third] = node.children;
  switch (node.kind) {
    case 'NameReference':
      return compileName(nameOf(node), scope);
    case 'ParenthesizedExpression':
      return compile(second);
    case 'SimpleNamedExpression':
      return compile(third);
    case 'UnaryMinusExpression':
      return negate(compile(second));
    case 'PathExpression': {
      const of = compile(first);
      const name = nameOf(third);
      return (row) => member(of(row), name);
    }
    case 'ElementExpression': {
      const of = compile(first);
      const selector = compile(second?.children[1]);
      return (row) => member(of(row), selector(row));
    }
    case 'FunctionCallExpression':
      return compileCall(node, scope);
    case 'BetweenExpression':
    case 'NotBetweenExpression':
      return compileBetween(node, compile);
    case 'InExpression':
    case 'NotInExpression':
    case 'InCsExpression':
    case 'NotInCsExpression':
      return compileIn(node, scope);
    case 'HasAnyExpression':
    case 'HasAllExpression': {
      const left = compile(first);
      const terms = listOf(third ?? node).map(compile);
      const found = (row: KustoRow) => (term: Evaluate) => applyOperator('has', left(row), term(row), null) === true;
      return (row) => (node.kind === 'HasAnyExpression' ? terms.some(found(row)) : terms.every(found(row)));
    }
    case 'DynamicExpression': {
      const value = dynamicValue(node);
      return () => value;
    }
    default:
      return node.kind.endsWith('LiteralExpression') ? constant(literalValue(node)) : compileBinary(node, compile);
  }
}

/** The name in a reference or declaration, without brackets and quotes. */
export function nameOf(node: KustoNode | undefined): string {
  const text = node?.text ?? '';
  return /^\[\s*["'](.*)["']\s*\]$/.exec(text)?.[1] ?? text;
}

function constant(value: KustoValue): Evaluate {
  return () => value;
}

function compileName(name: string, scope: ExpressionScope): Evaluate {
  const index = scope.columns.findIndex((column) => column.name === name);
  if (index >= 0) return (row) => row[index] ?? null;
  if (!scope.variables.has(name)) throw unsupported(`The name ${name} here`);
  return constant(scope.variables.get(name) ?? null);
}

function compileBinary(node: KustoNode, compile: (child: KustoNode | undefined) => Evaluate): Evaluate {
  const [first, operator, third] = node.children;
  if (node.children.length !== 3 || !operator) throw unsupported(node.kind);
  const left = compile(first);
  const right = compile(third);
  const word = operator.text.trim();
  // Fails immediately for an unknown operator, not at the first row.
  applyOperator(word, null, null, node.type);
  return (row) => applyOperator(word, left(row), right(row), node.type);
}

function compileBetween(node: KustoNode, compile: (child: KustoNode | undefined) => Evaluate): Evaluate {
  const value = compile(node.children[0]);
  const from = compile(node.children[2]?.children[1]);
  const to = compile(node.children[2]?.children[3]);
  const wanted = node.kind === 'BetweenExpression';
  return (row) => {
    const start = from(row);
    const end = to(row);
    // `between (time .. 1d)` means a length from the start.
    const last = end instanceof KustoSpan && !(start instanceof KustoSpan) ? applyOperator('+', start, end, null) : end;
    const within =
      applyOperator('>=', value(row), start, null) === true && applyOperator('<=', value(row), last, null) === true;
    return within === wanted;
  };
}

function compileIn(node: KustoNode, scope: ExpressionScope): Evaluate {
  const [first, , list] = node.children;
  if (!first || !list) throw unsupported(`An incomplete ${node.kind}`);
  const left = compileExpression(first, scope);
  const folded = node.kind.endsWith('CsExpression');
  const wanted = !node.kind.startsWith('Not');
  const [only] = listOf(list);
  const isTable = only !== undefined && (only.kind === 'PipeExpression' || only.columns.length > 0);
  const candidates: readonly Evaluate[] = isTable
    ? scope.runTable(only).rows.map((row) => constant(row[0] ?? null))
    : listOf(list).map((element) => compileExpression(element, scope));
  const fold = (value: KustoValue) => (folded ? toText(value).toLowerCase() : value);
  return (row) => {
    const value = fold(left(row));
    const found = candidates.some((candidate) => {
      const given = candidate(row);
      // A dynamic list stands for its elements.
      return Array.isArray(given)
        ? (given as readonly KustoValue[]).some((one) => sameValue(fold(one), value))
        : sameValue(fold(given), value);
    });
    return found === wanted;
  };
}

function compileCall(node: KustoNode, scope: ExpressionScope): Evaluate {
  const name = nameOf(node.children[0]);
  const given = listOf(node.children[1] ?? node);
  if (name === 'column_ifexists' || name === 'columnifexists') {
    const wanted = toText(given[0] ? literalValue(given[0]) : null);
    if (scope.columns.some((column) => column.name === wanted)) return compileName(wanted, scope);
    const [, fallback] = given;
    if (!fallback) throw unsupported('column_ifexists without a default');
    return compileExpression(fallback, scope);
  }
  if (name === 'ingestion_time') {
    const index = scope.columns.findIndex((column) => column.name === '_TimeReceived');
    return (row) => (index < 0 ? null : (row[index] ?? null));
  }
  const apply = scalarFunctions[name];
  if (!apply) throw unsupported(`The function ${name}()`);
  const values = given.map((argument) => compileExpression(argument, scope));
  return (row) =>
    apply(
      values.map((value) => value(row)),
      { now: scope.now, type: node.type },
    );
}

function member(value: KustoValue, selector: KustoValue): KustoValue {
  if (!isJsonObject(value)) return null;
  if (Array.isArray(value)) {
    return typeof selector === 'number' ? ((value as readonly KustoValue[]).at(selector) ?? null) : null;
  }
  const entries = value as { readonly [name: string]: KustoValue };
  const name = toText(selector);
  return Object.hasOwn(entries, name) ? (entries[name] ?? null) : null;
}

function negate(of: Evaluate): Evaluate {
  return (row) => {
    const value = of(row);
    if (value instanceof KustoSpan) return new KustoSpan(-value.ticks);
    return typeof value === 'number' ? -value : null;
  };
}
