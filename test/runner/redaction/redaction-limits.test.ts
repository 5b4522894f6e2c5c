import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';

let world: FetchWorld;
beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
  world.cloud.vault.seed({ name: 'short', value: 'abc' });
});
afterAll(() => world.stop());

// These are not promises: they hold docs/fetch.md to what it says redaction cannot do.
describe('what redaction cannot stop', () => {
  it('is a form that nobody listed', async () => {
    const job = world.startJob();
    const words = ['exec', '--no-masks', '--secret', 'P=password', '--', 'sh', '-c', 'printf "%s\\n" "$P" | rev'];
    expect(await world.fetch(job, words)).toBe(0);
    expect(rowsOf(world, job)).toContain('hsifdrows-hsifdrows');
  });

  it('is base64 in lines that are shorter than the value', async () => {
    const job = world.startJob();
    const script = 'printf %s "$P" | base64 -w 8';
    expect(await world.fetch(job, ['exec', '--no-masks', '--secret', 'P=password', '--', 'sh', '-c', script])).toBe(0);
    expect(rowsOf(world, job)).toContain(Buffer.from('swordfish-swordfish').toString('base64').slice(0, 8));
  });

  it('is a process of the same user that reads the command’s environment', async () => {
    const job = world.startJob();
    const place = join(world.directory, 'read-from-environment');
    const past = 'tr "\\000" "\\n" < /proc/$$/environ | grep ^P= | sed s/-/_/ > "$0"; cat "$0"; rm "$0"';
    expect(
      await world.fetch(job, ['exec', '--no-masks', '--secret', 'P=password', '--', 'sh', '-c', past, place]),
    ).toBe(0);
    expect(rowsOf(world, job)).toContain('P=swordfish_swordfish');
  });

  it('is a value too short to be told from harmless text, and the helper says so', async () => {
    const job = world.startJob();
    expect(await world.fetch(job, ['exec', '--secret', 'P=short', '--', 'sh', '-c', 'echo "$P"'])).toBe(0);
    expect(rowsOf(world, job)).toContain('abc');
    expect(rowsOf(world, job).some((row) => row.includes('short has fewer than 4 characters'))).toBe(true);
  });
});
