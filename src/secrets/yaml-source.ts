import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';

type Path = readonly PropertyKey[];

/** A YAML text, read once, that knows where each of its parts stands. */
export interface YamlSource {
  /** What the text says; `undefined` when it is no YAML. */
  readonly value: unknown;
  /** What is wrong with the text as YAML, each with its place. */
  readonly faults: readonly string[];
  /** A sentence with its place before it: `12:5 secrets.a.validity is missing`. A part that is absent stands at what should hold it. */
  at(path: Path, says: string): string;
  /** Whether there is something at this path. */
  has(path: Path): boolean;
}

/** Aliases in one text; more are a way to make a small file large. */
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

  /** Where the key of this path stands; for what is absent, where the nearest part above it stands. */
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
