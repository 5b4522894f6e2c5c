import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';
import { pathInSharedMemory } from '../shared-memory.ts';

/** As long a value as Key Vault takes, in lines as certificates have them. */
const bundle = (
  randomBytes(18_600)
    .toString('base64')
    .match(/.{1,64}/g) ?? []
)
  .join('\n')
  .slice(0, 25_000);
const storageKey = randomBytes(64).toString('base64');
const key = (number: number) =>
  `-----BEGIN PRIVATE KEY-----\n${(
    randomBytes(2_350 + number)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  ).join('\n')}\n-----END PRIVATE KEY-----\n`;
const keys = Array.from({ length: 20 }, (_, number) => key(number));
/** Each anchor repeats the one before: written out, it is larger than memory. */
const bomb = [
  'a0: &a0 [x, x]',
  ...Array.from({ length: 40 }, (_, n) => `a${String(n + 1)}: &a${String(n + 1)} [*a${String(n)}, *a${String(n)}]`),
].join('\n');
let world: FetchWorld;

beforeAll(async () => {
  world = await startFetchWorld();
  const { vault } = world.cloud;
  vault.seed({ name: 'bundle', value: bundle });
  vault.seed({ name: 'storage-key', value: storageKey });
  vault.seed({ name: 'password', value: 'swordfish-swordfish' });
  vault.seed({ name: 'password-and-line-end', value: 'swordfish-swordfish\n' });
  vault.seed({ name: 'flag', value: 'true' });
  vault.seed({ name: 'settings', value: '{"host":"db.example.net","pin":4829}' });
  vault.seed({ name: 'bomb', value: bomb });
  keys.forEach((value, number) => vault.seed({ name: `key-${String(number)}`, value }));
});
afterAll(() => world.stop());

describe('secrets of every size', () => {
  it('run a command with 25 KB in lines of 64 characters, under 150 MB', async () => {
    expect(await peakOf(['--secret', 'P=bundle'])).toBeLessThan(150);
  });

  it('run a command with twenty RSA-4096 keys, under 150 MB', async () => {
    const words = keys.flatMap((_, number) => ['--secret', `P${String(number)}=key-${String(number)}`]);
    expect(await peakOf(words)).toBeLessThan(150);
  });

  it('hide every line of them', async () => {
    const job = world.startJob();
    const words = [
      'exec',
      '--no-masks',
      '--secret',
      'P=bundle',
      '--',
      'sh',
      '-c',
      'echo "$P"; echo "$P" | base64 -w 100',
    ];
    expect(await world.fetch(job, words)).toBe(0);
    const log = rowsOf(world, job).join('\n');
    for (const line of bundle.split('\n')) expect(log).not.toContain(line.slice(2, -2));
    expect(log).not.toContain(Buffer.from(bundle).toString('base64').slice(4_000, 4_040));
  });

  it('reach a template whole, and each line of them a mask', async () => {
    const [rendering, masking] = [world.startJob(), world.startJob()];
    const [template, out] = [join(world.directory, 'bundle.in'), pathInSharedMemory('bundle')];
    writeFileSync(template, 'before\n{{ P }}\nafter\n');
    expect(await world.fetch(rendering, ['render', '--template', template, '--out', out, '--secret', 'P=bundle'])).toBe(
      0,
    );
    expect(readFileSync(out, 'utf8')).toBe(`before\n${bundle}\nafter\n`);
    expect(await world.fetch(masking, ['mask', '--secret', 'P=bundle'])).toBe(0);
    // The runner obeyed them: what a later step of the job prints of the value is hidden.
    writeFileSync(join(world.directory, 'printed'), bundle);
    await masking.execute(['cat', join(world.directory, 'printed')]);
    const log = rowsOf(world, masking).join('\n');
    for (const line of bundle.split('\n').slice(0, -1)) expect(log).not.toContain(line);
  });

  it('name the secret that cannot be searched for, and do not start the command', async () => {
    const job = world.startJob();
    const mark = join(world.directory, 'started');
    expect(await world.fetch(job, ['exec', '--secret', 'P=bomb', '--', 'touch', mark])).toBe(89);
    expect(existsSync(mark)).toBe(false);
    expect(rowsOf(world, job).some((row) => row.includes('SECRET_NOT_SEARCHABLE') && row.includes('bomb'))).toBe(true);
  });
});

describe('a value that occurs in ordinary text', () => {
  it.each([
    ['flag', 'flag: this value occurs in ordinary text'],
    ['settings', 'settings: parts of this value occur in ordinary text'],
  ])('is told once, by its name: %s', async (name, line) => {
    const job = world.startJob();
    expect(await world.fetch(job, ['exec', '--no-masks', '--secret', `P=${name}`, '--', 'echo', 'untrue'])).toBe(0);
    expect(rowsOf(world, job).filter((row) => row.includes(line))).toHaveLength(1);
  });

  it('is not said of a long random one', async () => {
    const job = world.startJob();
    expect(await world.fetch(job, ['exec', '--no-masks', '--secret', 'P=storage-key', '--', 'true'])).toBe(0);
    expect(rowsOf(world, job).some((row) => row.includes('ordinary text'))).toBe(false);
  });
});

describe('a line that ends with a secret', () => {
  it.each(['password', 'password-and-line-end'])(
    'ends before the other stream goes on, so that a command of the runner stands at a line of its own: %s',
    async (name) => {
      const job = world.startJob();
      const script = 'printf "two %s\\n" "$P" | head -n 1; sleep 0.1; printf "err one\\n" >&2; sleep 0.1; echo three';
      expect(await world.fetch(job, ['exec', '--no-masks', '--secret', `P=${name}`, '--', 'sh', '-c', script])).toBe(0);
      const rows = rowsOf(world, job);
      expect(rows.slice(rows.indexOf('two ***'))).toEqual(expect.arrayContaining(['two ***', 'err one', 'three']));
    },
  );
});

describe('a key of Azure in an output of the job', () => {
  it.each([
    ['without its padding', 'printf "k=%s\\n" "${P%%=*}"'],
    ['in the alphabet of URLs', 'printf "k=%s\\n" "$P" | tr "+/" "-_"'],
    ['percent-encoded', `node -e 'console.log("k=" + encodeURIComponent(process.env.P))'`],
  ])('is taken back %s, with exit code 85', async (_, script) => {
    const job = world.startJob();
    const output = join(world.directory, `output-${randomBytes(4).toString('hex')}`);
    writeFileSync(output, 'before=1\n');
    const words = [
      'exec',
      '--no-masks',
      '--secret',
      'P=storage-key',
      '--',
      'sh',
      '-c',
      `${script} >> "$GITHUB_OUTPUT"`,
    ];
    expect(await world.fetch(job, words, { GITHUB_OUTPUT: output, PATH: process.env['PATH'] ?? '' })).toBe(85);
    expect(readFileSync(output, 'utf8')).toBe('before=1\n');
  });
});

/** Runs `/bin/true` with secrets; returns the most megabytes that the helper had resident. */
async function peakOf(words: readonly string[]): Promise<number> {
  const job = world.startJob();
  const status = join(world.directory, `status-${randomBytes(4).toString('hex')}`);
  const script = `grep VmHWM /proc/$PPID/status > ${status}`;
  expect(await world.fetch(job, ['exec', '--no-masks', ...words, '--', 'sh', '-c', script])).toBe(0);
  return Number(/\d+/.exec(readFileSync(status, 'utf8'))?.[0]) / 1024;
}
