import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'keyturn-exports-'));
const knip = resolve('node_modules/knip/bin/knip.js');

describe('the check for unused exports', () => {
  afterAll(() => rmSync(folder, { recursive: true }));

  it('finds none in the project', () => {
    const { stdout, status } = spawnSync(process.execPath, [knip, '--no-progress', '--reporter', 'compact'], {
      encoding: 'utf8',
    });
    expect([stdout.trim(), status]).toEqual(['', 0]);
  });

  it('goes red for an export and a type that no other file imports, and for a file that nobody imports', () => {
    mkdirSync(join(folder, 'src'));
    cpSync('knip.jsonc', join(folder, 'knip.jsonc'));
    writeFileSync(join(folder, 'package.json'), '{ "name": "broken", "type": "module" }');
    writeFileSync(join(folder, 'src/cli.ts'), "import { used } from './half.ts';\nconsole.log(used);\n");
    writeFileSync(
      join(folder, 'src/half.ts'),
      'export const used = 1;\nexport const idle = used + 1;\nexport type Idle = typeof idle;\n',
    );
    writeFileSync(join(folder, 'src/forgotten.ts'), 'export const forgotten = 1;\n');

    const { stdout, status } = spawnSync(process.execPath, [knip, '--reporter', 'json', '--no-config-hints'], {
      cwd: folder,
      encoding: 'utf8',
    });

    const { issues } = JSON.parse(stdout) as { issues: Record<'files' | 'exports' | 'types', { name: string }[]>[] };
    const named = (kind: 'files' | 'exports' | 'types') =>
      issues.flatMap((issue) => issue[kind]).map(({ name }) => name);
    expect([status, named('files'), named('exports'), named('types')]).toEqual([
      1,
      ['src/forgotten.ts'],
      ['idle'],
      ['Idle'],
    ]);
  });
});
