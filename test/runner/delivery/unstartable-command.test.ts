import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';

let world: FetchWorld;

beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'database-password', value: 'correct horse battery staple' });
});
afterAll(() => world.stop());

/** Runs the command with the secret. Returns its exit code and what the helper said. */
async function exec(command: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const job = world.startJob();
  const words = ['exec', '--secret', 'P=database-password', '--', ...command];
  const code = await world.fetch(job, words, environment);
  const rows = rowsOf(world, job);
  return { code, rows, said: rows.filter((row) => row.startsWith('keyturn-fetch: ')) };
}

function file(name: string, text: string, mode: number): string {
  const path = join(world.directory, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe('a command that cannot be started', () => {
  it.each([
    ['that is not on the PATH', () => 'no-such-command', 127, 'was not found'],
    ['whose path is not there', () => '/no/such/command', 127, 'was not found'],
    ['whose interpreter is not there', () => file('interpreter', '#!/no/such\n', 0o755), 127, 'or the interpreter'],
    ['that is not executable', () => file('plain', 'true\n', 0o644), 126, 'cannot be executed (EACCES)'],
    ['that is a folder', () => world.directory, 126, 'cannot be executed (EACCES)'],
    ['below a file', () => `${file('below', '', 0o644)}/x`, 126, 'cannot be executed (ENOTDIR)'],
    ['whose name is too long', () => 'x'.repeat(5_000), 126, 'cannot be executed (ENAMETOOLONG)'],
  ])('%s ends with its code, and the helper says why', async (_which, name, code, why) => {
    const ended = await exec([name()]);
    expect(ended.code).toBe(code);
    // It may say besides that it removed what a killed helper left on this machine.
    expect(ended.said).toContainEqual(expect.stringContaining(why));
  });

  it('that is an empty word is wrong use, and reads nothing', async () => {
    const before = world.cloud.auditLog.rows().length;
    const ended = await exec(['']);
    expect(ended.code).toBe(2);
    expect(ended.said).toContainEqual(expect.stringContaining('the command to run is an empty word'));
    expect(world.cloud.auditLog.rows()).toHaveLength(before);
  });
});

describe('a value that no variable can hold', () => {
  it('is refused with the name of its vault, also where the request leaves it out', async () => {
    world.cloud.vault.seed({ name: 'database-password', value: 'before\0after' });
    const ended = await exec(['true']);
    world.cloud.vault.seed({ name: 'database-password', value: 'correct horse battery staple' });
    expect(ended.code).toBe(81);
    expect(ended.said.join()).toContain(`"vault":"${world.cloud.vault.name}"`);
  });
});

describe('a machine that takes no temporary files', () => {
  it.each(['/proc/nowhere', '/no/such/folder'])('still runs the command, redacted: TMPDIR=%s', async (folder) => {
    const ended = await exec(['sh', '-c', 'echo "it is $P." && exit 5'], { TMPDIR: folder });
    expect(ended.rows).toContain('it is ***.');
    expect(ended.code).toBe(5);
  });
});
