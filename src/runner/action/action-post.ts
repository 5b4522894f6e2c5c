import { machineRuntime } from '../runtime.ts';
import { sweepOutputs, sweepRendered } from '../delivery/rendered-files.ts';
import { sweep } from '../delivery/sweep.ts';
import { sweepJobKeys } from '../broker/key-file.ts';
import { loadFetchConfiguration } from '../configuration/load-fetch-configuration.ts';
import { readJobContext } from '../job-context.ts';
import { ServiceError } from '../../service-error.ts';

/**
 * The action's last step, which also runs after failure and cancellation, so that nothing that held a secret outlives
 * the job.
 */
const runtime = machineRuntime();
const own = runtime.environment['RUNNER_TEMP'] ?? '';
const folders = ['/dev/shm', own === '' ? '/tmp' : own];
const jobKey = jobKeyPlace();
const removed = [
  ...sweepJobKeys(jobKey.folder, jobKey.numbers, runtime.now()),
  ...folders.flatMap((folder) => sweep(folder)),
  ...(own === '' ? [] : [...sweepRendered(own), ...sweepOutputs(own)]),
];
runtime.say(removed.length === 0 ? 'nothing was left behind' : `removed ${removed.join(', ')}`);

/** Where the job's key for the broker lies, if the runner's configuration names one. */
function jobKeyPlace() {
  try {
    const { identity, gitea } = loadFetchConfiguration(runtime.environment);
    const lookup = readJobContext(runtime.environment, gitea);
    const folder = identity.kind === 'broker' ? identity.keys : '/dev/shm';
    return { folder, numbers: lookup.found ? lookup.job.numbers : null };
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    // The step itself has said what is wrong with the configuration.
    return { folder: '/dev/shm', numbers: null };
  }
}
