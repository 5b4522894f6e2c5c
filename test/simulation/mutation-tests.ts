import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mutantVariable } from './apply-mutant.ts';
import { mutants } from './mutants.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Far more than a mutant needs to be met; a machine that is right passes all of them. */
const histories = '6000';

/**
 * Tests of every mutant whose place in the list leaves `remainder` when divided by `parts`: a file each for as many parts as
 * the smallest machine has cores, one child process at a time in each.
 */
export function mutationTests({ remainder, parts }: { readonly remainder: number; readonly parts: number }): void {
  const share = [...mutants.entries()].filter(([index]) => index % parts === remainder);

  describe('a machine from which one guard is taken', () => {
    it.each(share.map(([index, { says, seed }]) => ({ index, says, seed })))(
      'is caught by the simulation: $says',
      { timeout: 600_000 },
      async ({ index, seed }) => {
        const { code, output } = await simulate(index, seed);
        expect(output).toMatch(/^Seed \d+ fails: /m);
        expect(code).toBe(1);
      },
    );
  });
}

/** Runs the simulation of the mutated machine, without looking for the shortest trace: that it fails is all that counts here. */
function simulate(mutant: number, seed: number): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const words = ['--histories', histories, '--seed', String(seed), '--no-shorten'];
    const child = execFile(
      process.execPath,
      ['--import', `${folder}apply-mutant.ts`, `${folder}simulate.ts`, ...words],
      { maxBuffer: 32 * 1024 * 1024, env: { ...process.env, [mutantVariable]: String(mutant) } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}
