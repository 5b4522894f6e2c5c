import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** One import: the file that imports and the file that is imported, both from the project's root. */
export type Import = readonly [from: string, to: string];

/** All imports among the files of some folders, types included and packages left out. */
export function importsIn(...folders: readonly string[]): readonly Import[] {
  return globSync(folders.map((folder) => `${folder}/**/*.ts`))
    .map((file) => file.replaceAll('\\', '/'))
    .flatMap((file) => importedBy(file).map((to): Import => [file, to]));
}

function importedBy(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((found) =>
    relative('.', join(dirname(file), found[1] ?? '')).replaceAll('\\', '/'),
  );
}

/**
 * Cycles between the things that a look into a folder shows: its files one by one, each folder in it as a whole. Every
 * folder is looked at, so a cycle of rooms is found, one of sub-rooms, and one of files that lie together.
 * Returns each as `folder: a, b`, the members in the order of the alphabet.
 */
export function cyclesIn(imports: readonly Import[]): readonly string[] {
  const byFolder = new Map<string, Map<string, Set<string>>>();
  for (const [from, to] of imports) {
    const start = from.split('/');
    const end = to.split('/');
    const shared = start.findIndex((segment, index) => segment !== end[index]);
    const [here, there] = [start[shared], end[shared]];
    if (here === undefined || there === undefined) continue;
    const folder = start.slice(0, shared).join('/');
    const edges = byFolder.get(folder) ?? new Map<string, Set<string>>();
    edges.set(here, (edges.get(here) ?? new Set()).add(there));
    byFolder.set(folder, edges);
  }
  return [...byFolder].flatMap(([folder, edges]) =>
    circles(edges).map((members) => `${folder}: ${members.join(', ')}`),
  );
}

/** Groups of nodes of which each reaches every other, and so itself. */
function circles(edges: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const reach = new Map([...edges.keys()].map((node) => [node, reachedFrom(node, edges)]));
  const inCircle = [...edges.keys()].filter((node) => reach.get(node)?.has(node));
  const groups = inCircle.map((node) =>
    inCircle.filter((other) => reach.get(node)?.has(other) && reach.get(other)?.has(node)).sort(),
  );
  return [...new Map(groups.map((group) => [group.join(), group])).values()];
}

function reachedFrom(start: string, edges: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const reached = new Set<string>();
  const next = [start];
  for (let node = next.pop(); node !== undefined; node = next.pop()) {
    for (const target of edges.get(node) ?? []) {
      if (!reached.has(target)) next.push(target);
      reached.add(target);
    }
  }
  return reached;
}
