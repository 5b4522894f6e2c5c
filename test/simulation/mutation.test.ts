import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { mutants } from './mutants.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Far more than a mutant needs to be met; a machine that is right passes all of them. */
const histories = '6000';

describe.concurrent('a machine from which one guard is taken', () => {
  it.each(mutants)('is caught by the simulation: $says', { timeout: 600_000 }, async ({ file, from, to, seed }) => {
    const folder = mkdtempSync(join(tmpdir(), 'keyturn-mutant-'));
    folders.push(folder);
    for (const part of [
      'src',
      'test/simulation',
      'test/rotation/world',
      'test/memory-record-store.ts',
      'package.json',
    ]) {
      cpSync(join(project, part), join(folder, part), { recursive: true });
    }
    const path = join(folder, 'src/rotation', file);
    const source = readFileSync(path, 'utf8');
    expect(source.split(from), `${file} has this line once`).toHaveLength(2);
    writeFileSync(
      path,
      source.replace(from, () => to),
    );
    const { code, output } = await simulate(folder, seed);
    expect(output).toMatch(/^Seed \d+ fails: /m);
    expect(code).toBe(1);
  });
});

/** Runs the simulation of a copied tree, without looking for the shortest trace: here only that it fails is of interest. */
function simulate(folder: string, seed: number): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['test/simulation/simulate.ts', '--histories', histories, '--seed', String(seed), '--no-shorten'],
      { cwd: folder, maxBuffer: 32 * 1024 * 1024 },
      (_error, stdout) => resolve({ code: child.exitCode, output: stdout }),
    );
  });
}
