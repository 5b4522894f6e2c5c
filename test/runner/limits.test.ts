import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FetchWorld, rowsOf, startFetchWorld } from './fetch-world.ts';

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

  it('is wrapped base64 of a larger text, where a line ends inside the value', async () => {
    const job = world.startJob();
    // 40 bytes before the value: of the first line's 76 characters its own take the last 22.
    const script =
      'printf "%040d%s" 0 "$P" | base64 -w 76; printf "%s" "$P" | base64 -w 8; printf "%040d%s" 0 "$P" | base64 -w 0';
    expect(await world.fetch(job, ['exec', '--no-masks', '--secret', 'P=password', '--', 'sh', '-c', script])).toBe(0);
    const rows = rowsOf(world, job);
    const whole = Buffer.from(`${'0'.repeat(40)}swordfish-swordfish`).toString('base64');
    expect(rows).toContain(whole.slice(0, 76));
    expect(rows).toContain(Buffer.from('swordfish-swordfish').toString('base64').slice(0, 8));
    // Unwrapped it is hidden wherever it begins.
    expect(rows.some((row) => row.startsWith('MDAwMDAw') && row.includes('***'))).toBe(true);
  });

  it('is a process of the same user that reads the command’s environment', async () => {
    const job = world.startJob();
    const past =
      'tr "\\000" "\\n" < /proc/$$/environ | grep ^P= | sed s/-/_/ > /tmp/keyturn-limits-$$; cat /tmp/keyturn-limits-$$; rm /tmp/keyturn-limits-$$';
    expect(await world.fetch(job, ['exec', '--no-masks', '--secret', 'P=password', '--', 'sh', '-c', past])).toBe(0);
    expect(rowsOf(world, job)).toContain('P=swordfish_swordfish');
  });

  it('is a value too short to be told from harmless text, and the helper says so', async () => {
    const job = world.startJob();
    expect(await world.fetch(job, ['exec', '--secret', 'P=short', '--', 'sh', '-c', 'echo "$P"'])).toBe(0);
    expect(rowsOf(world, job)).toContain('abc');
    expect(rowsOf(world, job).some((row) => row.includes('short has fewer than 4 characters'))).toBe(true);
  });
});
