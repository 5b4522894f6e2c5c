import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobContext } from './job-context.ts';

/** Which version of each secret this run uses, by `vault/name`. Versions are not secret. */
export interface RunPins {
  versionOf(vault: string, name: string): string | null;
  keep(vault: string, name: string, version: string): void;
}

/**
 * Pins of one attempt of one run, in the job's temporary folder, where every step of the job finds them. What an earlier
 * step could put there is a version of the same secret, no more; anything else is not read.
 * Jobs on other machines have a folder of their own.
 */
export function runPins(environment: Readonly<Record<string, string | undefined>>, job: JobContext): RunPins {
  const { runId, attempt } = job.numbers;
  const path = join(environment['RUNNER_TEMP'] ?? '/tmp', `keyturn-pins-${String(runId)}-${String(attempt)}.txt`);
  const pins = read(path);
  return {
    versionOf: (vault, name) => pins.get(`${vault}/${name}`.toLowerCase()) ?? null,
    keep(vault, name, version) {
      pins.set(`${vault}/${name}`.toLowerCase(), version);
      const lines = [...pins].map(([secret, pinned]) => `${secret} ${pinned}\n`).join('');
      writeFileSync(`${path}.${String(process.pid)}`, lines, { mode: 0o600, flag: 'wx' });
      renameSync(`${path}.${String(process.pid)}`, path);
    },
  };
}

function read(path: string): Map<string, string> {
  const pins = new Map<string, string>();
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch {
    return pins;
  }
  try {
    if (fstatSync(descriptor).size > 65_536) return pins;
    for (const line of readFileSync(descriptor, 'utf8').split('\n')) {
      const [, secret, version] = /^([0-9a-z-]{2,127}\/[0-9a-z-]{1,127}) ([0-9a-f]{32})$/.exec(line) ?? [];
      if (secret !== undefined && version !== undefined) pins.set(secret, version);
    }
    return pins;
  } finally {
    closeSync(descriptor);
  }
}
