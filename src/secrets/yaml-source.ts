import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';

type Path = readonly PropertyKey[];

/** A parsed YAML text that knows the position of each of its parts. */
export interface YamlSource {
  /** The parsed value; `undefined` if the text is not valid YAML. */
  readonly value: unknown;
  /** The YAML faults of the text, each with its position. */
  readonly faults: readonly string[];
  /**
   * Prefixes a sentence with its position: `12:5 secrets.a.validity is missing`. An absent part has the position of its
   * parent.
   */
  at(path: Path, says: string): string;
  /** Whether a value exists at this path. */
  has(path: Path): boolean;
}

/** The most aliases in one text; more could expand a small file into a large one. */
const mostAliases = 50;
const mostCharacters = 1_048_576;

export function yamlSource(text: string): YamlSource {
  const lines = new LineCounter();
  if (text.length > mostCharacters) return refused('1:1 the file is longer than 1 MiB');
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2', strict: true });
  const faults = [...document.errors, ...document.warnings].map(({ pos, message }) => `${place(pos[0])} ${message}`);
  if (faults.length > 0) return { ...refused(''), faults };

  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: mostAliases });
  } catch {
    return refused('1:1 aliases are used too often, or point nowhere');
  }
  return {
    value,
    faults: [],
    at: (path, says) => `${place(offsetOf(path))} ${path.map(String).join('.')}${path.length === 0 ? '' : ' '}${says}`,
    has: (path) => document.hasIn(path),
  };

  function place(offset: number): string {
    const { line, col } = lines.linePos(offset);
    return `${String(line)}:${String(col)}`;
  }

  /** The position of the key at this path, or of the nearest parent that exists. */
  function offsetOf(path: Path): number {
    if (path.length === 0) return 0;
    const above = path.slice(0, -1);
    const holder: unknown = above.length === 0 ? document.contents : document.getIn(above, true);
    if (isMap(holder)) {
      const key = holder.items.find(
        (pair) => isScalar(pair.key) && String(pair.key.value) === String(path.at(-1)),
      )?.key;
      if (isNode(key) && key.range) return key.range[0];
    }
    const node: unknown = document.getIn(path, true);
    return isNode(node) && node.range ? node.range[0] : offsetOf(above);
  }
}

function refused(fault: string): YamlSource {
  return { value: undefined, faults: [fault], at: (_path, says) => says, has: () => false };
}
