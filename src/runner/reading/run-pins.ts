import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceError } from '../../service-error.ts';
import { exchangeFailure } from '../http-exchange.ts';
import type { JobContext } from '../job-context.ts';

/** The version of each secret that this run uses, by `vault/name`. Versions are not secret. */
export interface RunPins {
  versionOf(vault: string, name: string): string | null;
  /** @throws ServiceError TARGET_UNUSABLE if the pins cannot be stored */
  keep(vault: string, name: string, version: string): void;
}

/**
 * The pins of one run: in the job's temporary folder, where every step of the job finds them, or in `file`, which a
 * workflow passes from job to job. Another process could only insert a version of the same secret; pins of another run
 * and anything else are ignored.
 */
export function runPins(
  environment: Readonly<Record<string, string | undefined>>,
  job: JobContext,
  file: string | null = null,
): RunPins {
  const { runId, attempt } = job.numbers;
  const own = join(environment['RUNNER_TEMP'] ?? '/tmp', `keyturn-pins-${String(runId)}-${String(attempt)}.txt`);
  const path = file ?? own;
  const header = `keyturn-pins 1 run ${String(runId)}`;
  const pins = read(path, header);
  return {
    versionOf: (vault, name) => pins.get(`${vault}/${name}`.toLowerCase()) ?? null,
    keep(vault, name, version) {
      const secret = `${vault}/${name}`.toLowerCase();
      if (pins.get(secret) === version) return;
      pins.set(secret, version);
      const lines = [...pins].map(([pinned, its]) => `${pinned} ${its}\n`).join('');
      replace(path, `${header}\n${lines}`);
    },
  };
}

/** Atomically, so that a concurrent step reads either the old pins or the new. */
function replace(path: string, text: string): void {
  const part = `${path}.${String(process.pid)}`;
  try {
    rmSync(part, { force: true });
    writeFileSync(part, text, { mode: 0o600, flag: 'wx' });
    renameSync(part, path);
  } catch (cause) {
    throw new ServiceError('TARGET_UNUSABLE', { path, reason: exchangeFailure(cause) }, { cause });
  }
}

function read(path: string, header: string): Map<string, string> {
  const pins = new Map<string, string>();
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return pins;
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size > 65_536) return pins;
    const [first, ...lines] = readFileSync(descriptor, 'utf8').split('\n');
    if (first !== header) return pins;
    for (const line of lines) {
      const [, secret, version] = /^([0-9a-z-]{2,127}\/[0-9a-z-]{1,127}) ([0-9a-f]{32})$/.exec(line) ?? [];
      if (secret !== undefined && version !== undefined) pins.set(secret, version);
    }
    return pins;
  } finally {
    closeSync(descriptor);
  }
}
