import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FetchWorld, rowsOf, startFetchWorld } from '../fetch-world.ts';

const body = Array.from({ length: 25 }, (_, line) =>
  Buffer.from(`line ${String(line)} of a private key, 48 bytes or so.`).toString('base64'),
);
const pem = `-----BEGIN PRIVATE KEY-----\n${body.join('\n')}\n-----END PRIVATE KEY-----\n`;
const windowsPem = pem.replaceAll('\n', '\r\n');
let world: FetchWorld;

beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'pem', value: pem });
  world.cloud.vault.seed({ name: 'windows-pem', value: windowsPem });
  world.cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
});
afterAll(() => world.stop());

describe('case 6: values of many lines', () => {
  it.each([
    ['pem', pem],
    ['windows-pem', windowsPem],
  ])('arrive byte for byte in variable, file and descriptor: %s', async (name, value) => {
    const expected = join(world.directory, `${name}.expected`);
    writeFileSync(expected, value);
    const job = world.startJob();
    const script = `
      const { readFileSync: read } = require('node:fs');
      const wanted = read(${JSON.stringify(expected)}, 'utf8');
      const got = [process.env.V, read(process.env.F, 'utf8'), read('/dev/fd/3', 'utf8')];
      process.exit(got.every((value) => value === wanted) ? 0 : 1);`;
    const places = ['--secret', `V=${name}`, '--file', `F=${name}`, '--fd', `3=${name}`];
    expect(await world.fetch(job, ['exec', ...places, '--', process.execPath, '-e', script])).toBe(0);
  });

  it('show no line in any form, and are masked line by line, the longest first, without their frame', async () => {
    const job = world.startJob();
    const script = `
      const value = process.env.V;
      console.log(value); console.error(JSON.stringify({ value })); console.log(encodeURIComponent(value));
      console.log(Buffer.from(value).toString('base64')); console.log(value.replaceAll('\\n', '\\\\n'));
      for (const line of value.split('\\n')) console.error('> ' + line);`;
    expect(await world.fetch(job, ['exec', '--secret', 'V=pem', '--', process.execPath, '-e', script])).toBe(0);
    const log = rowsOf(world, job).join('\n');
    for (const line of body) expect(log).not.toContain(line.slice(4, -4));
    expect(log).not.toContain(Buffer.from(pem).toString('base64').slice(40, 80));
    // The runner would have hidden the frame, had it been told to.
    expect(log).toContain('-----BEGIN PRIVATE KEY-----');
  });
});

describe('case 7: a secret that comes in pieces', () => {
  it('is hidden when it is written byte by byte, on both streams at once', async () => {
    const job = world.startJob();
    const script = `
      const { writeSync } = require('node:fs');
      for (const byte of Buffer.from('<' + process.env.P + '>\\n')) { writeSync(1, Buffer.from([byte])); writeSync(2, Buffer.from([byte])); }`;
    expect(await world.fetch(job, ['exec', '--secret', 'P=password', '--', process.execPath, '-e', script])).toBe(0);
    // On a machine under load 200 ms may pass between two bytes; then a beginning of up to four is let go.
    expect(rowsOf(world, job).filter((row) => /^<[a-z]{0,4}\*\*\*>$/.test(row))).toHaveLength(2);
  });
});

describe('case 8: huge and binary output', () => {
  it('passes every byte in constant memory to a slow reader', async () => {
    const megabytes = 256;
    const { bytes, peak, code } = await throughHelper(`head -c ${String(megabytes)}M /dev/urandom`, true);
    expect(code).toBe(0);
    expect(bytes).toBe(megabytes * 1_048_576);
    expect(peak).toBeLessThan(150 * 1_048_576);
  });

  it('ends the command when nobody reads its output any more', async () => {
    const { code } = await throughHelper('yes swordfish-swordfish', false);
    // 128 + SIGPIPE, as without the helper.
    expect(code).toBe(141);
  });

  it('hands on what is no UTF-8, and a real pipe that can be opened by its name', async () => {
    const { bytes } = await throughHelper('printf "\\\\377\\\\376\\\\000x" > /dev/stdout', true);
    expect(bytes).toBe(4);
  });
});

/** Runs a shell command under the helper outside of the embedded runner, whose lines are text; measures it. */
async function throughHelper(
  command: string,
  readAll: boolean,
): Promise<{ bytes: number; peak: number; code: number }> {
  const job = world.startJob();
  const helper = join(world.directory, 'keyturn-fetch.cjs');
  const child = spawn(process.execPath, [helper, 'exec', '--secret', 'P=password', '--', 'sh', '-c', command], {
    env: { ...job.environment, KEYTURN_FETCH_CONFIGURATION: world.configure() },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  });
  let bytes = 0;
  let peak = 0;
  const { readFileSync } = await import('node:fs');
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (!readAll) child.stdout.destroy();
    if (bytes % 64 !== 0) return;
    const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(child.pid)}/status`, 'latin1'))?.[1];
    peak = Math.max(peak, Number(resident ?? 0) * 1024);
  });
  const code = await new Promise<number>((resolve) => child.on('exit', (exit) => resolve(exit ?? -1)));
  job.finish();
  return { bytes, peak, code };
}
