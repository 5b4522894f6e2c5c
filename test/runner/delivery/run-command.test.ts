import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const run = (...command: readonly string[]) =>
  spawnSync(process.execPath, ['test/runner/without-mkfifo.ts', ...command], { encoding: 'utf8', maxBuffer: 1e8 });

describe('a command on a machine without mkfifo and prlimit', () => {
  it('still runs: redacted, without core dumps, with its exit code', () => {
    const { stdout, stderr, status } = run('sh', '-c', 'echo a swordfish; echo one swordfish >&2; ulimit -c; exit 3');
    expect(stdout).toBe('a ***\n0\n');
    expect(stderr).toBe('one ***\n');
    expect(status).toBe(3);
  });

  it('passes more output than any buffer holds', () => {
    expect(run('head', '-c', '9000000', '/dev/zero').stdout).toHaveLength(9_000_000);
  });

  it('ends like its signal', () => {
    expect(run('sh', '-c', 'kill -TERM $$').status).toBe(143);
    expect(run('/no/such/command').status).toBe(127);
  });
});
