import type { WordsOf } from '../../command-line/command-row.ts';
import { appendToJobFile } from '../delivery/append-to-job-file.ts';
import { requireMasks, writeMasks } from './mask.ts';
import type { envRow } from '../command-rows.ts';
import { readNamedValues } from './read-named-values.ts';
import type { Runtime } from '../runtime.ts';

/** `env --secret NAME=SECRET…`: writes secrets into GITHUB_ENV, where every later step and action of the job can read them. */
export async function env({ values: options }: WordsOf<typeof envRow>, runtime: Runtime): Promise<number> {
  const { environment, say, nonce } = runtime;
  requireMasks(environment);
  const values = await readNamedValues(options, runtime);
  await writeMasks(values);
  say('WARNING: these values now lie on the runner’s disk, and in the environment of every later step; prefer exec');
  const file = { variable: 'GITHUB_ENV', path: environment['GITHUB_ENV'] ?? '' };
  appendToJobFile(file, values, `keyturn_${nonce(16)}`);
  return 0;
}
