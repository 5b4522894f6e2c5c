import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pieces } from '../../scripts/helper-pieces.ts';
import { packageHelper } from '../../scripts/package-helper.ts';
import { helperVersion } from '../../src/runner/helper-version.ts';
import { parseReceiptLine } from '../../src/provenance/receipt-line.ts';
import { skipUnless } from '../skip-unless.ts';
import { type FetchWorld, rowsOf, startFetchWorld } from './fetch-world.ts';

const isLinux = skipUnless(process.platform === 'linux', 'the helper runs on Linux only');

describe('the helper as the package brings it', isLinux, () => {
  let world: FetchWorld;
  const folder = mkdtempSync(join(tmpdir(), 'package-helper-'));
  const built = join(folder, 'built');
  const probe = join(folder, 'probe.cjs');
  beforeAll(async () => {
    world = await startFetchWorld();
    world.cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
    await packageHelper(built);
    // Tells what becomes of the cache, and may claim to be another Node.
    writeFileSync(
      probe,
      `const vm = require('node:vm');
       const { Script } = vm;
       vm.Script = class extends Script {
         constructor(code, options) {
           super(code, options);
           const cache = options.cachedData === undefined ? 'none' : this.cachedDataRejected ? 'rejected' : 'taken';
           process.stdout.write('cache ' + cache + '\\n');
         }
       };
       const { CLAIMED_VERSION: value } = process.env;
       if (value) Object.defineProperty(process, 'version', { value });`,
    );
  });
  afterAll(async () => {
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  let copies = 0;
  function copyOfBuilt(): string {
    copies += 1;
    const copy = join(folder, `copy-${String(copies)}`);
    cpSync(built, copy, { recursive: true });
    return copy;
  }

  /** What the helper of a folder does with the cache, and what `--version` prints. */
  function versionIn(
    helper: string,
    flags: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ) {
    const words = [...flags, '--require', probe, join(helper, 'keyturn-fetch.cjs'), '--version'];
    const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', env: environment });
    const [cache, version] = stdout.trim().split('\n');
    return { cache, version, stderr };
  }

  async function exec(helper: string, script: string, flags: readonly string[] = []) {
    const job = world.startJob();
    const words = [join(helper, 'keyturn-fetch.cjs'), 'exec', '--secret', 'P=password', '--', 'sh', '-c', script];
    const code = await job.execute([process.execPath, ...flags, ...words], {
      KEYTURN_FETCH_CONFIGURATION: world.configure(),
    });
    return { code, rows: rowsOf(world, job) };
  }

  it('carries code that is compiled already, which V8 takes', () => {
    expect(versionIn(built)).toEqual({ cache: 'cache taken', version: helperVersion, stderr: '' });
    // What ran is in it: several times what V8 knows of a script that has not run.
    const uncompiled = new Script(readFileSync(join(built, pieces.code), 'latin1')).createCachedData().length;
    expect(statSync(join(built, pieces.cache)).size).toBeGreaterThan(3 * uncompiled);
  });

  it('runs a command with a secret, redacted and with a receipt', async () => {
    const { code, rows } = await exec(built, 'echo "it is $P" && exit 7');
    expect([code, rows.filter((row) => row === 'it is ***')]).toEqual([7, ['it is ***']]);
    expect(rows.flatMap((row) => parseReceiptLine(row) ?? [])).toHaveLength(1);
  });

  it('compiles its code where the flags of V8 are others', async () => {
    const flags = ['--jitless', '--max-old-space-size=300'];
    expect(versionIn(built, flags)).toEqual({ cache: 'cache rejected', version: helperVersion, stderr: '' });
    const { code, rows } = await exec(built, 'echo "it is $P"', flags);
    expect([code, rows.includes('it is ***')]).toEqual([0, true]);
  });

  it('leaves the cache alone on any other version of Node than the one that built it', () => {
    const { cache, version } = versionIn(built, [], { CLAIMED_VERSION: 'v24.0.0' });
    expect([cache, version]).toEqual(['cache none', helperVersion]);
  });

  it.each<[string, (cache: string) => void]>([
    ['missing', (cache) => rmSync(cache)],
    ['empty', (cache) => writeFileSync(cache, '')],
    ['cut off', (cache) => writeFileSync(cache, readFileSync(cache).subarray(0, -100))],
    ['changed by one bit', (cache) => changeAt(cache, (bytes) => bytes.length >> 1, 1)],
    ['followed by another byte', (cache) => writeFileSync(cache, '\0', { flag: 'a' })],
    ['a cache of other code', (cache) => writeFileSync(cache, new Script('0').createCachedData())],
    [
      'a folder',
      (cache) => {
        rmSync(cache);
        mkdirSync(cache);
      },
    ],
  ])('compiles its code if the cache is %s', async (_, spoil) => {
    const helper = copyOfBuilt();
    spoil(join(helper, pieces.cache));
    expect(versionIn(helper)).toEqual({ cache: 'cache none', version: helperVersion, stderr: '' });
    const { code, rows } = await exec(helper, 'echo "it is $P"');
    expect([code, rows.includes('it is ***')]).toEqual([0, true]);
  });

  it('never pairs the cache with other code, not even of the same length', () => {
    const helper = copyOfBuilt();
    const code = join(helper, pieces.code);
    const other = helperVersion.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10));
    writeFileSync(code, readFileSync(code, 'latin1').replaceAll(`"${helperVersion}"`, `"${other}"`));
    expect(statSync(code).size).toBe(statSync(join(built, pieces.code)).size);
    expect(versionIn(helper)).toEqual({ cache: 'cache none', version: other, stderr: '' });
  });

  it('holds no value of the job that its code was compiled in', () => {
    for (const name of readdirSync(built)) {
      expect(readFileSync(join(built, name)).includes('swordfish-swordfish'), name).toBe(false);
    }
  });

  it('writes nothing beside its code when it runs', async () => {
    const helper = copyOfBuilt();
    const before = contentsOf(helper);
    await exec(helper, 'true');
    rmSync(join(helper, pieces.cache));
    await exec(helper, 'true');
    expect(contentsOf(helper)).toEqual({ ...before, [pieces.cache]: undefined });
  });

  it('says what happened even if its folder is removed by an upgrade while the command runs', async () => {
    const helper = copyOfBuilt();
    const { code, rows } = await exec(helper, `rm -r '${helper}'; echo "key=$P" >> "$GITHUB_OUTPUT"`);
    expect(code).not.toBe(0);
    expect(rows.filter((row) => row.startsWith('keyturn-fetch: SECRET_IN_JOB_FILE'))).toHaveLength(1);
  });
});

function changeAt(file: string, place: (bytes: Buffer) => number, bit: number): void {
  const bytes = readFileSync(file);
  const at = place(bytes);
  bytes.writeUInt8(bytes.readUInt8(at) ^ bit, at);
  writeFileSync(file, bytes);
}

function contentsOf(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
}
