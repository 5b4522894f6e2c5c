import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Metafile } from 'esbuild';
import { startEmbeddedCloud } from '../embedded/start-embedded-cloud.ts';
import { bundleInPieces } from './bundle-helper.ts';
import { pieces } from './helper-pieces.ts';

/** Writes the helper's code, as an expression that makes a `HelperFunction`, and its later parts into a folder. */
export async function writeHelperCode(folder: string): Promise<Metafile> {
  const { metafile, code, later } = await bundleInPieces('src/runner/main.ts');
  const text = `(function(exports,require,module,laterParts){${code.replace(/^#!.*\n/, '')}\n})`;
  // Read byte for byte, which is fastest.
  // oxlint-disable-next-line no-control-regex -- everything outside ASCII is what is meant
  if (/[^\x00-\x7f]/.test(text + later)) throw new Error('The bundle is not ASCII.');
  writeFileSync(join(folder, pieces.code), text);
  writeFileSync(join(folder, pieces.later), later);
  return metafile;
}

/** A value of many lines, which more of the code prepares than one of a single line. */
const pem = `-----BEGIN CERTIFICATE-----\n${'d29ydGggbm90aGluZyBhdCBhbGw=\n'.repeat(3)}-----END CERTIFICATE-----\n`;

/**
 * Runs the helper of a folder once in a job of the embedded cloud, and writes V8's cache of every function that this
 * compiled beside it. A code cache holds no value that a program had.
 */
export async function writeCodeCache(folder: string): Promise<void> {
  const cloud = await startEmbeddedCloud();
  const work = mkdtempSync(join(tmpdir(), 'keyturn-warm-up-'));
  try {
    const runner = cloud.identity.define({ name: 'runner', kind: 'managed-identity', address: '203.0.113.7' });
    cloud.vault.grant(runner, ['get']);
    cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
    cloud.vault.seed({ name: 'key', value: pem });
    cloud.gitea.addRepository('build/helper', { private: true });
    cloud.gitea.addRunner({ name: 'runner', labels: [], version: '3.2.0' });
    const job = cloud.gitea.startJob({ repository: 'build/helper', name: 'build', runner: 'runner' });
    const configuration = join(work, 'fetch.json');
    writeFileSync(
      configuration,
      JSON.stringify({
        format: 1,
        gitea: cloud.gitea.url,
        vaults: [{ name: cloud.vault.name, url: cloud.vault.url }],
        identity: { kind: 'managed-identity', clientId: runner.clientId, endpoint: cloud.identity.url },
      }),
    );
    const warm = fileURLToPath(new URL('helper-warm-up.ts', import.meta.url));
    const secrets = ['--secret', 'PASSWORD=password', '--secret', 'KEY=key'];
    const call = ['exec', ...secrets, '--', '/bin/sh', '-c', 'echo "$PASSWORD"'];
    const child = spawn(process.execPath, [warm, folder, ...call], {
      env: { ...job.environment, KEYTURN_FETCH_CONFIGURATION: configuration },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    child.stdout.resume();
    child.stderr.on('data', (part: Buffer) => (told += part.toString()));
    const [status] = (await once(child, 'close')) as [number | null];
    if (status !== 0)
      throw new Error(`The helper ended with ${String(status)} as its code cache was made:\n${told.trim()}`);
  } finally {
    await cloud.stop();
    rmSync(work, { recursive: true, force: true });
  }
}
