import { createHash } from 'node:crypto';
import { childEnvironment, heldBack } from '../../../src/runner/delivery/child-environment.ts';
import { sweepLeftovers } from '../../../src/runner/delivery/sweep.ts';
import { forgetCredential } from '../../../src/runner/configuration/forget-credential.ts';
import { refuseHostileEnvironment } from '../../../src/runner/configuration/hostile-environment.ts';
import { loadFetchConfiguration } from '../../../src/runner/configuration/load-fetch-configuration.ts';
import { readJobContext } from '../../../src/runner/job-context.ts';
import { runBare } from '../run-bare.ts';
import { ownRequests } from './own-requests.ts';
import { readCall } from './read-call.ts';

/** The fourth rung: and the call, the configuration, the checks of environment, job and leftovers. */
const { options, runtime } = readCall();
const configuration = loadFetchConfiguration(runtime.environment);
refuseHostileEnvironment(runtime.environment, configuration.allowVariables);
forgetCredential(configuration.identity, runtime.say);
readJobContext(runtime.environment, configuration.gitea);

async function read(): Promise<string> {
  const name = options.requests[0]?.name ?? '';
  const value = ownRequests(name);
  sweepLeftovers(runtime);
  heldBack(runtime.environment, options);
  createHash('sha256').update(name).digest('hex');
  childEnvironment(runtime.environment, new Map([['S0', await value]]), options);
  return await value;
}

void runBare(read, options.command).then((code) => process.exit(code));
