import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const branches = Array.from({ length: 20 }, (_, index) => `  if (given === ${String(index)}) return ${String(index)};`);

/** What each rule refuses, as files of a project that has our configuration. */
const broken: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'eslint(max-lines-per-function)': {
    'long.ts': `export function long(given: number[]) {\n${'  given.push(1);\n'.repeat(70)}}\n`,
  },
  'eslint(complexity)': { 'branches.ts': `export function pick(given: number) {\n${branches.join('\n')}\n}\n` },
  'eslint(no-shadow)': {
    'shadow.ts':
      'const name = 1;\nexport const twice = () => {\n  const name = 2;\n  return name;\n};\nexport const once = name;\n',
  },
  'eslint(no-nested-ternary)': {
    'ternary.ts': 'export const sign = (of: number) => (of < 0 ? -1 : of > 0 ? 1 : 0);\n',
  },
  'import(no-cycle)': {
    'one.ts': "import type { Other } from './other.ts';\nexport interface One {\n  readonly other: Other | null;\n}\n",
    'other.ts': "import type { One } from './one.ts';\nexport interface Other {\n  readonly one: One | null;\n}\n",
  },
  'typescript(no-unsafe-type-assertion)': {
    'src/audit/cast.ts': 'export const job = (given: unknown) => given as { readonly startedAt: string };\n',
  },
  'typescript(no-unnecessary-condition)': {
    'always.ts': "export const name = (given: { readonly name: string }) => given.name ?? 'none';\n",
  },
};

describe('the lint rules', () => {
  let folder = '';
  let reported: readonly string[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keyturn-lint-'));
    cpSync('.oxlintrc.json', join(folder, '.oxlintrc.json'));
    const project = { extends: resolve('tsconfig.json'), include: ['**/*.ts'], compilerOptions: { types: [] } };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
    for (const [file, text] of Object.values(broken).flatMap(Object.entries<string>)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const oxlint = resolve('node_modules/oxlint/bin/oxlint');
    const { stdout } = spawnSync(process.execPath, [oxlint, '--type-aware', '--format', 'json', '.'], {
      cwd: folder,
      encoding: 'utf8',
    });
    const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
    reported = diagnostics.map(({ code, filename }) => `${code} ${filename}`);
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(Object.entries(broken))('%s goes red', (rule, files) => {
    for (const file of Object.keys(files)) expect(reported).toContainEqual(`${rule} ${file}`);
  });

  it('go red for nothing else in these files', () => {
    const expected = Object.entries(broken).flatMap(([rule, files]) =>
      Object.keys(files).map((file) => `${rule} ${file}`),
    );
    expect(reported.toSorted()).toEqual(expected.toSorted());
  });
});
