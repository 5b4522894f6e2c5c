import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeCodeCache, writeHelperCode } from '../../scripts/helper-code.ts';
import { pieces } from '../../scripts/helper-pieces.ts';
import { parseReceiptLine } from '../../src/provenance/receipt-line.ts';
import { skipUnless } from '../skip-unless.ts';
import { startLoopbackBroker } from './use/loopback-broker.ts';
import { jailed } from './use/jail-here.ts';
import { type FetchWorld, rowsOf, startFetchWorld } from './fetch-world.ts';

/** The binary is built on Linux for the two architectures that Gitea's runner has images for. */
const isBuilt = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');

describe('the helper as a single executable', skipUnless(isBuilt, 'the binary is built on Linux, x64 or arm64'), () => {
  let world: FetchWorld;
  let binary: string;
  const folder = mkdtempSync(join(tmpdir(), 'binary-'));
  beforeAll(async () => {
    world = await startFetchWorld();
    world.cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
    // As a user builds it, from the command line.
    execFileSync(process.execPath, ['scripts/build-binary.ts', '--out', folder], { stdio: 'pipe' });
    binary = join(folder, `keyturn-fetch-linux-${process.arch}`);
  });
  afterAll(async () => {
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('needs no Node: it runs with an empty PATH', () => {
    const { status, stdout } = spawnSync(binary, ['help'], { encoding: 'utf8', env: { PATH: '/nowhere' } });
    expect([status, stdout.startsWith('Usage: keyturn-fetch')]).toEqual([0, true]);
  });

  it('runs a command with a secret at each kind of destination, redacted and with receipts', async () => {
    const job = world.startJob();
    const script = 'test "$P" = "$(cat "$F")" && test "$P" = "$(cat /dev/fd/3)" && echo "it is $P" && exit 7';
    const places = ['--secret', 'P=password', '--file', 'F=password', '--fd', '3=password'];
    const code = await job.execute([binary, 'exec', ...places, '--', 'sh', '-c', script], {
      KEYTURN_FETCH_CONFIGURATION: world.configure(),
      PATH: '/usr/bin:/bin',
    });
    expect([code, rowsOf(world, job).filter((row) => row === 'it is ***')]).toEqual([7, ['it is ***']]);
    expect(rowsOf(world, job).flatMap((row) => parseReceiptLine(row) ?? [])).toHaveLength(1);
  });

  it('runs a command with a placeholder in a jail', jailed, async () => {
    const broker = await startLoopbackBroker({ password: 'swordfish-swordfish' });
    const job = world.startJob();
    const vaults = [{ name: world.cloud.vault.name }];
    const configured = world.configure({ vaults, service: broker.url, identity: { kind: 'broker' } });
    const script = 'echo "$P"; : </dev/tcp/127.0.0.1/3128 && echo listens';
    const code = await job.execute([binary, 'exec', '--use', '--secret', 'P=password', '--', 'bash', '-c', script], {
      KEYTURN_FETCH_CONFIGURATION: configured,
      PATH: '/usr/bin:/bin',
    });
    await broker.stop();
    const rows = rowsOf(world, job);
    expect([code, rows.filter((row) => /^keyturn-use-|^listens$/.test(row)).length]).toEqual([0, 2]);
  });

  it('reads a manifest, which the bundle loads only then', async () => {
    const job = world.startJob();
    const words = [binary, 'check', join(process.cwd(), 'examples/workflows/keyturn.yml')];
    expect(await job.execute(words, { PATH: '/usr/bin:/bin' })).toBe(0);
  });

  it('carries code that is compiled already, which V8 takes', async () => {
    await writeHelperCode(folder);
    await writeCodeCache(folder);
    const script = `
      const { readFileSync } = require('node:fs');
      const text = readFileSync('${join(folder, pieces.code)}', 'latin1');
      const { Script } = require('node:vm');
      const cachedData = readFileSync('${join(folder, pieces.cache)}');
      const taken = new Script(text, { filename: 'keyturn-fetch.cjs', cachedData });
      console.log(taken.cachedDataRejected, new Script(text).createCachedData().length);`;
    const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    const [rejected, uncompiled] = stdout.trim().split(' ');
    expect(rejected).toBe('false');
    // What ran is in it: several times what V8 knows of a script that has not run.
    expect(statSync(join(folder, pieces.cache)).size).toBeGreaterThan(3 * Number(uncompiled));
  });

  it('holds no value of the job that its code was compiled in', () => {
    expect(readFileSync(binary).includes('swordfish-swordfish')).toBe(false);
  });
});
