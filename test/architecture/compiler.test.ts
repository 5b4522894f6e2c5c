import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-compiler-'));

/** What each check refuses: its error's number, and a file with the fault. */
const broken: readonly (readonly [check: string, error: string, text: string])[] = [
  ['noUnusedLocals', 'TS6133', 'const idle = 1;\nexport {};\n'],
  ['noUnusedParameters', 'TS6133', 'export const one = (idle: number) => 1;\n'],
  ['noImplicitReturns', 'TS7030', 'export function sign(of: number) {\n  if (of < 0) return -1;\n}\n'],
  [
    'noPropertyAccessFromIndexSignature',
    'TS4111',
    'export const of = (given: Readonly<Record<string, string>>) => given.name;\n',
  ],
  ['noUncheckedSideEffectImports', 'TS2882', "import './absent.ts';\n"],
];

describe('the compiler', () => {
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(broken)('goes red by %s', (check, error, text) => {
    writeFileSync(join(folder, `${check}.ts`), text);
    expect(compile('tsconfig.json', `${check}.ts`)).toContain(`${check}.ts`);
    expect(compile('tsconfig.json', `${check}.ts`)).toContain(error);
  });

  it('goes red for a script that takes a text for a number', () => {
    writeFileSync(join(folder, 'broken.mjs'), "/** @type {number} */\nexport const count = 'three';\n");
    expect(compile('scripts/tsconfig.json', 'broken.mjs')).toMatch(/broken\.mjs\(2,14\): error TS2322/);
  });
});

/** What the compiler says of one file, checked as a project of ours is. */
function compile(configuration: string, file: string): string {
  const project = { extends: resolve(configuration), include: [file], compilerOptions: { types: [] } };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(project));
  const tsc = resolve('node_modules/typescript/bin/tsc');
  return spawnSync(process.execPath, [tsc, '--noEmit', '--project', folder], { encoding: 'utf8' }).stdout;
}
