import { KustoRefusal } from './kusto-value.ts';
import { type KustoNode, type KustoSchema, parseKusto } from './parse-kusto.ts';

const most = 50;
const dateTime = /datetime\(\s*\d{4}-\d{2}-\d{2}[\dT:. ]*(?:Z|[+-]\d{2}:\d{2})?\s*\)/g;
const parsed = new WeakMap<KustoSchema, Map<string, KustoNode>>();

/**
 * Parses like `parseKusto`, but only once for queries that differ only in their datetime literals: a collector sends
 * the same query for every hour of a month, and parsing takes longer than running it.
 */
export function parseOnce(text: string, schema: KustoSchema): KustoNode {
  const literals: string[] = [];
  const pattern = text.replaceAll(dateTime, (literal) => placeholder(literals.push(literal) - 1));
  const kept = parsed.get(schema) ?? new Map<string, KustoNode>();
  parsed.set(schema, kept);
  const known = kept.get(pattern) ?? tryParse(pattern, schema);
  // A fault must have the positions of the query that was sent, and a string that only looks like a datetime literal
  // must keep its text.
  if (!known || hasPlaceholderInString(known)) return parseKusto(text, schema);
  if (kept.size >= most) kept.clear();
  kept.set(pattern, known);
  return fill(known, literals);
}

function tryParse(text: string, schema: KustoSchema): KustoNode | null {
  try {
    return parseKusto(text, schema);
  } catch (cause) {
    if (cause instanceof KustoRefusal) return null;
    throw cause;
  }
}

function placeholder(index: number): string {
  return `datetime(0001-01-01T00:00:00.${String(index).padStart(7, '0')}Z)`;
}

function fill(node: KustoNode, literals: readonly string[]): KustoNode {
  if (node.kind === 'DateTimeLiteralExpression') {
    const index = /^datetime\(0001-01-01T00:00:00\.(\d{7})Z\)$/.exec(node.text)?.[1];
    const text = index === undefined ? undefined : literals[Number(index)];
    return text === undefined ? node : { kind: node.kind, text, children: [], columns: [], type: node.type };
  }
  if (!holdsDateTime(node)) return node;
  return withChildren(
    node,
    node.children.map((child) => fill(child, literals)),
  );
}

/** The same node with other children; values stay computed on demand. */
function withChildren(node: KustoNode, children: readonly KustoNode[]): KustoNode {
  return {
    kind: node.kind,
    children,
    get text() {
      return children.map((child) => child.text).join('');
    },
    get columns() {
      return node.columns;
    },
    get type() {
      return node.type;
    },
  };
}

function holdsDateTime(node: KustoNode): boolean {
  return node.kind === 'DateTimeLiteralExpression' || node.children.some(holdsDateTime);
}

function hasPlaceholderInString(node: KustoNode): boolean {
  if (node.kind === 'StringLiteralExpression') return node.text.includes('datetime(0001-01-01T');
  return node.children.some(hasPlaceholderInString);
}
