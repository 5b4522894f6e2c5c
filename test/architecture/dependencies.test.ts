import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

type Versions = Readonly<Record<string, string>>;

const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  dependencies: Versions;
  devDependencies: Versions;
};
// The embedded cloud is part of the package: `keyturn cloud` and `keyturn start` run from it.
const product = globSync(['src/**/*.ts', 'functions/*.ts', 'embedded/**/*.ts']);
const story = globSync(['examples/**/*.ts']);
const rows = [...readFileSync('docs/decisions.md', 'utf8').matchAll(/^\| `([^`]+)` \| (.+?) \| .+ \|$/gm)].map(
  ([, name = '', where = '']) => ({ name, where: where.replaceAll('`', '') }),
);

describe('runtime dependencies', () => {
  it('each have a line in docs/decisions.md, and each line is a dependency', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual(Object.keys(dependencies).sort());
  });

  it.each(rows)('$name stands where docs/decisions.md says: $where', ({ name, where }) => {
    expect(product.filter((file) => packagesIn(readFileSync(file, 'utf8')).includes(name))).not.toEqual([]);
    const places = where.split(', ');
    const elsewhere = product
      .filter((file) => imports(file, name))
      .filter((file) => !places.some((place) => file.startsWith(place)));
    if (where !== 'at the edges') expect(elsewhere).toEqual([]);
  });

  it('are exact versions', () => {
    expect(Object.values(dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });
});

describe('imported packages', () => {
  it('are dependencies where the product imports them, so that no other package has to bring them along', () => {
    expect(undeclared([...product, ...story], dependencies)).toEqual([]);
  });

  it('are dependencies or development dependencies everywhere else', () => {
    const files = globSync([...['test', 'bench'].map((folder) => `${folder}/**/*.ts`), 'scripts/*.mjs', '*.config.ts']);
    expect(files.length).toBeGreaterThan(200);
    expect(undeclared(files, { ...dependencies, ...devDependencies })).toEqual([]);
  });

  it('are found in each way of importing', () => {
    const text = [
      "import a from '@scope/one/inner';",
      "import type {\n  B,\n} from 'two';",
      "import 'three';",
      "export { c } from 'four/d';",
      "const e = await import('zod');",
      "require('@scope/eight/inner.js');",
      "import f from './six.ts';",
      "import g from 'node:fs';",
      "// taken from 'seven'",
    ].join('\n');
    expect(packagesIn(text)).toEqual(['@scope/one', 'two', 'three', 'four', 'zod', '@scope/eight']);
  });
});

/** Packages that the files import and that are not among the declared, each with one file that imports it. */
function undeclared(files: readonly string[], declared: Versions): readonly string[] {
  return files.flatMap((file) =>
    packagesIn(readFileSync(file, 'utf8'))
      .filter((name) => !Object.hasOwn(declared, name))
      .map((name) => `${file} imports ${name}`),
  );
}

/** Names of the packages that a text imports, types included; Node's own left out. */
function packagesIn(text: string): readonly string[] {
  const statement =
    /^(?:import |(?:import|export)\b[\w\s{},*$]*? from )'([^'./][^']*)'|(?:\bimport|^\s*require)\(\s*'([^'./$][^']*)'\)/gm;
  return [...text.matchAll(statement)]
    .map(([, whole = '', late = '']) => whole || late)
    .filter((path) => !path.startsWith('node:'))
    .map((path) => (path.startsWith('@') ? path.split('/').slice(0, 2).join('/') : (path.split('/')[0] ?? path)));
}

/** Type imports do not count: they are gone at run time. */
function imports(file: string, name: string): boolean {
  const text = readFileSync(file, 'utf8').replaceAll(/import type [^;]+;/g, '');
  return new RegExp(`(?:from|import|require)\\s*\\(?\\s*'${name}(?:/[^']*)?'`).test(text);
}
