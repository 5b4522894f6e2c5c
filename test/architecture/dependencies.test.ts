import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
const rows = [...readFileSync('docs/decisions.md', 'utf8').matchAll(/^\| `([^`]+)` \| (.+?) \| .+ \|$/gm)].map(
  ([, name = '', where = '']) => ({ name, where: where.replaceAll('`', '') }),
);

describe('runtime dependencies', () => {
  it('each have a line in docs/decisions.md, and each line is a dependency', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(dependencies).sort());
  });

  it.each(rows)('$name stands where docs/decisions.md says: $where', ({ name, where }) => {
    const importers = globSync(['src/**/*.ts', 'functions/*.ts']).filter((file) => imports(file, name));
    expect(importers).not.toEqual([]);
    const places = where.split(', ');
    const elsewhere = importers.filter((file) => !places.some((place) => file.startsWith(place)));
    if (where !== 'at the edges') expect(elsewhere).toEqual([]);
  });

  it('are exact versions', () => {
    expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

/** Type imports do not count: they are gone at run time. */
function imports(file: string, name: string): boolean {
  const text = readFileSync(file, 'utf8').replaceAll(/import type [^;]+;/g, '');
  return new RegExp(`(?:from|import)\\s*\\(?\\s*'${name}(?:/[^']*)?'`).test(text);
}
