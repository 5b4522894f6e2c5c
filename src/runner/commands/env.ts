import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import type { WordsOf } from '../../command-line/command-row.ts';
import { ServiceError } from '../../service-error.ts';
import { exchangeFailure } from '../http-exchange.ts';
import { requireMasks, writeMasks } from './mask.ts';
import type { envRow } from '../command-rows.ts';
import { readNamedValues } from './read-named-values.ts';
import type { Runtime } from '../runtime.ts';
import { writeAllSync } from '../write-all-sync.ts';

/** `env --secret NAME=SECRET…`: writes secrets into GITHUB_ENV, where every later step and action of the job can read them. */
export async function env({ values: options }: WordsOf<typeof envRow>, runtime: Runtime): Promise<number> {
  const { environment, say, nonce } = runtime;
  requireMasks(environment);
  const values = await readNamedValues(options, runtime);
  await writeMasks(values);
  say('WARNING: these values now lie on the runner’s disk, and in the environment of every later step; prefer exec');
  const delimiter = `keyturn_${nonce(16)}`;
  const text = [...values].map(([name, value]) => `${name}<<${delimiter}\n${value}\n${delimiter}\n`).join('');
  appendToFile(environment['GITHUB_ENV'] ?? '', text);
  return 0;
}

/** Follows no symbolic link, because an earlier step may have replaced the file with one to get the values elsewhere. */
function appendToFile(path: string, text: string): void {
  try {
    const descriptor = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
    try {
      if (!fstatSync(descriptor).isFile()) throw new ServiceError('TARGET_UNUSABLE', { path, reason: 'NO_FILE' });
      writeAllSync(descriptor, text);
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    if (ServiceError.is(cause)) throw cause;
    throw new ServiceError('TARGET_UNUSABLE', { path: 'GITHUB_ENV', reason: exchangeFailure(cause) }, { cause });
  }
}
