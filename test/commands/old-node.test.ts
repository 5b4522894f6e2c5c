import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const { engines, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  engines: { node: string };
  devDependencies: { node: string };
};
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'keyturn-node-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a program on a Node that is too old', () => {
  it('says in one sentence which Node it needs, and ends with 2', () => {
    const pretend = join(folder, 'pretend.mjs');
    writeFileSync(pretend, "Object.defineProperty(process.versions, 'node', { value: '20.20.2' });\n");
    const run = (...words: string[]) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', pretend, ...words], {
        encoding: 'utf8',
      });
      return [status, stdout, stderr];
    };
    const sentence = (who: string, least: string) => `${who} needs Node ${least} or newer; this is Node 20.20.2.\n`;
    expect(run('src/cli.ts', 'verify', 'a', 'b')).toEqual([2, '', sentence('keyturn', engines.node.replace('>=', ''))]);
    expect(run('scripts/check-webhook.mjs')).toEqual([
      2,
      '',
      sentence('This script', devDependencies.node.split('.')[0] ?? ''),
    ]);
  });
});
