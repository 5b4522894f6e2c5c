import type { WordsOf } from '../../command-line/command-row.ts';
import { ServiceError } from '../../service-error.ts';
import type { outputRow } from '../command-rows.ts';
import { appendToJobFile } from '../delivery/append-to-job-file.ts';
import { rememberOutput } from '../delivery/rendered-files.ts';
import { exchangeFailure } from '../http-exchange.ts';
import type { Runtime } from '../runtime.ts';
import { requireMasks, writeMasks } from './mask.ts';
import { readNamedValues } from './read-named-values.ts';

/**
 * `output --secret NAME=SECRET…`: writes secrets as outputs of this step, for a `uses:` step that takes them as inputs.
 * The masks come first. The file is noted before it holds a value, so that the action's last step empties it.
 */
export async function output({ values: options }: WordsOf<typeof outputRow>, runtime: Runtime): Promise<number> {
  const { environment, say, nonce } = runtime;
  requireMasks(environment);
  const values = await readNamedValues(options, runtime);
  await writeMasks(values);
  say(
    'these values are now outputs of this step: on the runner’s disk, and for every step that names them; prefer exec',
  );
  const path = environment['GITHUB_OUTPUT'] ?? '';
  const folder = environment['RUNNER_TEMP'] ?? '';
  try {
    if (folder !== '') rememberOutput(folder, path);
  } catch (cause) {
    throw new ServiceError('TARGET_UNUSABLE', { path: 'RUNNER_TEMP', reason: exchangeFailure(cause) }, { cause });
  }
  appendToJobFile({ variable: 'GITHUB_OUTPUT', path }, values, `keyturn_${nonce(16)}`);
  return 0;
}
