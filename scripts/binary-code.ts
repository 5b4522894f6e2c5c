import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedCloud } from '../embedded/start-embedded-cloud.ts';

/** Writes the bundle as an expression that makes a `HelperFunction`. Returns the path. */
export function writeHelperFunction(work: string, bundle: string): string {
  const text = readFileSync(bundle, 'latin1').replace(/^#!.*\n/, '');
  // The executable reads it byte for byte, which is fastest.
  // oxlint-disable-next-line no-control-regex -- everything outside ASCII is what is meant
  if (/[^\x00-\x7f]/.test(text)) throw new Error('The bundle is not ASCII.');
  const path = join(work, 'helper.js');
  writeFileSync(path, `(function(exports,require,module){${text}\n})`);
  return path;
}

/**
 * Runs the helper once in a job of the embedded cloud and writes V8's cache of every function that this compiled. Returns
 * its path. A code cache holds no value that a program had.
 */
export async function writeCodeCache(work: string, code: string): Promise<string> {
  const cloud = await startEmbeddedCloud();
  try {
    const runner = cloud.identity.define({ name: 'runner', kind: 'managed-identity', address: '203.0.113.7' });
    cloud.vault.grant(runner, ['get']);
    cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
    cloud.gitea.addRepository('build/binary', { private: true });
    cloud.gitea.addRunner({ name: 'runner', labels: [], version: '3.2.0' });
    const job = cloud.gitea.startJob({ repository: 'build/binary', name: 'build', runner: 'runner' });
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
    const cache = join(work, 'helper.cache');
    const warm = fileURLToPath(new URL('binary-warm-up.ts', import.meta.url));
    const call = ['exec', '--secret', 'PASSWORD=password', '--', '/bin/sh', '-c', 'echo "$PASSWORD"'];
    const child = spawn(process.execPath, [warm, code, cache, ...call], {
      env: { ...job.environment, KEYTURN_FETCH_CONFIGURATION: configuration },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    child.stdout.resume();
    const [status] = (await once(child, 'close')) as [number | null];
    if (status !== 0) throw new Error(`The helper ended with ${String(status)} as its code cache was made.`);
    return cache;
  } finally {
    await cloud.stop();
  }
}
