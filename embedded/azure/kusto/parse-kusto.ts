import { createRequire } from 'node:module';
import { type KustoColumn, KustoRefusal } from './kusto-value.ts';

/** A node of a parsed query, reduced to what the evaluator needs. Lists are children; separators are omitted. */
export interface KustoNode {
  /** The name in Microsoft's parser: `FilterOperator`, `AndExpression`, … */
  readonly kind: string;
  /** The text of a token; for other nodes the texts of all their tokens. */
  readonly text: string;
  readonly children: readonly KustoNode[];
  /** Columns of an operator's result; empty for other nodes. */
  readonly columns: readonly KustoColumn[];
  /** Type of a scalar expression, if the parser knows it. */
  readonly type: string | null;
}

/** The schema that queries are checked against. */
export interface KustoSchema {
  readonly tables: readonly { readonly name: string; readonly columns: readonly KustoColumn[] }[];
}

interface BridgeList<T> {
  readonly Count: number;
  getItem(index: number): T;
}

interface BridgeNode {
  readonly Kind: number;
  readonly ChildCount: number;
  readonly Text?: string;
  readonly ResultType?: {
    readonly Name?: string;
    readonly Columns?: BridgeList<{ readonly Name: string; readonly Type: { readonly Name: string } }>;
  } | null;
  GetChild(index: number): BridgeNode | null;
}

interface KustoLibrary {
  readonly Language: {
    readonly Symbols: {
      readonly TableSymbol: { readonly $ctor7: new (name: string, columns: string, description: null) => object };
      readonly DatabaseSymbol: { readonly $ctor1: new (name: string, tables: readonly object[]) => object };
    };
    readonly GlobalState: { readonly Default: { WithDatabase(database: object): object } };
    readonly KustoCode: {
      ParseAndAnalyze(
        text: string,
        globals: object,
      ): {
        readonly Syntax: BridgeNode;
        GetDiagnostics(): BridgeList<{
          readonly Code: string;
          readonly Severity: string;
          readonly Message: string;
          readonly Start: number;
        }>;
      };
    };
    readonly Syntax: { readonly SyntaxKind: Readonly<Record<string, unknown>> };
  };
}

let loaded: KustoLibrary | null = null;
const kindNames = new Map<number, string>();
const globals = new WeakMap<KustoSchema, object>();

/**
 * Parses a query with Microsoft's own parser and checks its names and types against the schema.
 * @throws KustoRefusal with the parser's message if there is a fault.
 */
export function parseKusto(text: string, schema: KustoSchema): KustoNode {
  const { Language } = loadLibrary();
  const code = Language.KustoCode.ParseAndAnalyze(text, globalsOf(schema));
  const faults = itemsOf(code.GetDiagnostics()).filter(({ Severity }) => Severity === 'Error');
  const [fault] = faults;
  if (fault) {
    // Codes below KS100 are the tokenizer's and the grammar's.
    const kind = Number(fault.Code.slice(2)) < 100 ? 'SyntaxError' : 'SemanticError';
    throw new KustoRefusal(kind, `${fault.Message} (${fault.Code}, at ${fault.Start})`);
  }
  return toNode(code.Syntax);
}

function toNode(node: BridgeNode): KustoNode {
  const children: KustoNode[] = [];
  for (let index = 0; index < node.ChildCount; index += 1) {
    const child = node.GetChild(index);
    if (child) children.push(toNode(child));
  }
  const kind = kindNames.get(node.Kind) ?? String(node.Kind);
  const [first] = children;
  if (kind === 'SeparatedElement' && first) return first;
  return new LazyNode(kind, node, children);
}

/** Texts and columns are computed on demand, because most nodes never need them, and a table has many columns. */
class LazyNode implements KustoNode {
  readonly kind: string;
  readonly children: readonly KustoNode[];
  readonly #node: BridgeNode;
  #columns: readonly KustoColumn[] | null = null;

  constructor(kind: string, node: BridgeNode, children: readonly KustoNode[]) {
    this.kind = kind;
    this.children = children;
    this.#node = node;
  }

  get text(): string {
    return this.#node.ChildCount === 0 ? (this.#node.Text ?? '') : this.children.map((child) => child.text).join('');
  }

  get columns(): readonly KustoColumn[] {
    this.#columns ??= itemsOf(this.#node.ResultType?.Columns).map(({ Name, Type }) => ({
      name: Name,
      type: Type.Name,
    }));
    return this.#columns;
  }

  get type(): string | null {
    return this.#node.ResultType?.Name ?? null;
  }
}

function globalsOf(schema: KustoSchema): object {
  const known = globals.get(schema);
  if (known) return known;
  const { Symbols, GlobalState } = loadLibrary().Language;
  const tables = schema.tables.map(
    ({ name, columns }) =>
      new Symbols.TableSymbol.$ctor7(
        name,
        `(${columns.map((column) => `${column.name}:${column.type}`).join(',')})`,
        null,
      ),
  );
  const made = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor1('workspace', tables));
  globals.set(schema, made);
  return made;
}

function itemsOf<T>(list: BridgeList<T> | undefined): T[] {
  if (!list) return [];
  return Array.from({ length: list.Count }, (_, index) => list.getItem(index));
}

/** The package is a translated .NET library: it consists of two scripts that define global objects. */
function loadLibrary(): KustoLibrary {
  if (loaded) return loaded;
  const require = createRequire(import.meta.url);
  require('@kusto/language-service-next/bridge.min.js');
  require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
  loaded = (globalThis as unknown as { readonly Kusto: KustoLibrary }).Kusto;
  for (const [name, number] of Object.entries(loaded.Language.Syntax.SyntaxKind)) {
    if (typeof number === 'number') kindNames.set(number, name);
  }
  return loaded;
}
