import { parseSpan, parseTime } from './kusto-time.ts';
import { type KustoDynamic, type KustoValue, unsupported } from './kusto-value.ts';
import type { KustoNode } from './parse-kusto.ts';

/** The value of a literal, `null` for those like `real(null)`. */
export function literalValue(node: KustoNode): KustoValue {
  const inner = /^\w+\((.*)\)$/s.exec(node.text)?.[1]?.trim() ?? node.text;
  if (node.kind !== 'StringLiteralExpression' && inner.toLowerCase() === 'null') return null;
  switch (node.kind) {
    case 'StringLiteralExpression':
      return stringValue(node.text);
    case 'BooleanLiteralExpression':
      return inner.toLowerCase() === 'true' || inner === '1';
    case 'IntLiteralExpression':
    case 'LongLiteralExpression':
    case 'RealLiteralExpression':
      return Number(inner);
    case 'DateTimeLiteralExpression': {
      const time = parseTime(inner.replaceAll(/^["']|["']$/g, ''));
      if (!time) throw unsupported(`The datetime literal ${node.text}`);
      return time;
    }
    case 'TimespanLiteralExpression': {
      const span = parseSpan(node.text);
      if (!span) throw unsupported(`The timespan literal ${node.text}`);
      return span;
    }
    default:
      throw unsupported(node.kind);
  }
}

/** The JSON inside `dynamic(…)`. */
export function dynamicValue(node: KustoNode): KustoDynamic {
  switch (node.kind) {
    case 'DynamicExpression':
      return node.children.length > 2 && node.children[2] ? dynamicValue(node.children[2]) : null;
    case 'JsonArrayExpression':
      return listOf(node).map(dynamicValue);
    case 'JsonObjectExpression':
      return Object.fromEntries(
        listOf(node).map((pair) => {
          const [name, , value] = pair.children;
          return [stringValue(name?.text ?? ''), value ? dynamicValue(value) : null];
        }),
      );
    case 'UnaryMinusExpression':
      return -Number(node.children[1]?.text);
    case 'NullLiteralExpression':
      return null;
    default:
      return literalValue(node) as KustoDynamic;
  }
}

/** The elements of the one list below a node. */
export function listOf(node: KustoNode): readonly KustoNode[] {
  return node.children.find((child) => child.kind === 'List')?.children ?? [];
}

function stringValue(text: string): string {
  const verbatim = /^[hH]?@(["'])(.*)\1$/s.exec(text);
  if (verbatim) return (verbatim[2] ?? '').replaceAll(`${verbatim[1]}${verbatim[1]}`, verbatim[1] ?? '');
  const plain = /^[hH]?(["'])(.*)\1$/s.exec(text);
  if (!plain) throw unsupported(`The string literal ${text}`);
  return (plain[2] ?? '').replaceAll(/\\(u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)/gs, (_, escaped: string) => {
    if (/^[ux]./.test(escaped)) return String.fromCodePoint(Number.parseInt(escaped.slice(1), 16));
    return { n: '\n', r: '\r', t: '\t', '0': '\0' }[escaped] ?? escaped;
  });
}
