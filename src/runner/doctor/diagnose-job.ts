import { existsSync } from 'node:fs';
import { type Diagnosis, fail, pass, warn } from './diagnosis.ts';
import type { FetchConfiguration } from '../configuration/fetch-configuration.ts';
import { readJobContext } from '../job-context.ts';
import { decideMasks } from '../redaction/mask-decision.ts';
import { detectFileSystem } from '../delivery/memory-file.ts';
import type { Runtime } from '../runtime.ts';

type Environment = Runtime['environment'];

/** Weaknesses of runners, by the version that fixed them. Source: release notes of Gitea's runner. */
const weaknesses = [
  { before: [1, 0, 3], message: 'concurrent jobs share variables, including runtime tokens' },
  { before: [1, 0, 7], message: 'masks of several lines hide nothing' },
  { before: [3, 0, 0], message: 'masks do not cover base64, JSON or URL encodings' },
  { before: [3, 1, 0], message: 'an open ::stop-commands:: makes the runner print masks' },
] as const;

/** Checks what in the runner and the job could weaken the helper. */
export function diagnoseJob(environment: Environment, configuration: FetchConfiguration): readonly Diagnosis[] {
  // A person's own machine has neither runner nor job.
  if (configuration.gitea === null) return [memory()];
  return [
    runnerVersion(environment),
    job(environment, configuration),
    masks(environment),
    dockerSocket(),
    leakedVariables(environment),
    memory(),
  ];
}

function runnerVersion(environment: Environment): Diagnosis {
  const text = environment['GITEA_ACTIONS_RUNNER_VERSION'];
  const parts = /^v?(\d+)\.(\d+)\.(\d+)/
    .exec(text ?? '')
    ?.slice(1, 4)
    .map(Number);
  if (parts === undefined) return warn('runner', 'its version is unknown', 'Run doctor in a job; update the runner.');
  const [major = 0, minor = 0, patch = 0] = parts;
  const known = weaknesses.filter(
    ({ before: [a, b, c] }) => major < a || (major === a && (minor < b || (minor === b && patch < c))),
  );
  const version = parts.join('.');
  if (known.length === 0) return pass('runner', `version ${version}`);
  return warn(
    'runner',
    `version ${version}: ${known.map(({ message }) => message).join('; ')}`,
    'Update the runner to 3.1.0 or later.',
  );
}

function job(environment: Environment, configuration: FetchConfiguration): Diagnosis {
  const lookup = readJobContext(environment, configuration.gitea);
  if (!lookup.found)
    return warn('job', lookup.reason, 'Reads will not be tied to a job. Run in a job, on a current runner.');
  const { numbers, exposed } = lookup.job;
  const names = exposed === false ? '' : ', names of secrets are written as digests here';
  return pass(
    'job',
    `run ${String(numbers.runId)}, job ${String(numbers.jobId)}, attempt ${String(numbers.attempt)}${names}`,
  );
}

function masks(environment: Environment): Diagnosis {
  const decision = decideMasks(environment, () => true);
  if (decision.masks) return pass('masks', 'this runner obeys masks; exec also redacts');
  return warn(
    'masks',
    decision.reason ?? 'this process does not run in a job',
    'exec still redacts its command’s output.',
  );
}

function dockerSocket(): Diagnosis {
  if (!existsSync('/var/run/docker.sock')) return pass('docker', 'no docker socket in this job');
  const advice =
    'Set container.docker_host to "-" in the runner’s configuration: anyone with the socket controls the host.';
  return warn('docker', 'this job can access the host’s docker socket', advice);
}

/** In host mode a job inherits the daemon's whole environment. */
function leakedVariables(environment: Environment): Diagnosis {
  const names = Object.keys(environment).filter((name) =>
    /^(AZURE_CLIENT_(SECRET|CERTIFICATE_PASSWORD)|AZURE_PASSWORD|IDENTITY_HEADER|MSI_SECRET)$/.test(name),
  );
  if (names.length === 0) return pass('environment', 'no credential of the runner in the job’s environment');
  const advice = 'Remove it from the runner daemon’s environment: every job can read it.';
  return fail('environment', `the job’s environment contains ${names.join(', ')}`, advice);
}

function memory(): Diagnosis {
  const fileSystem = detectFileSystem('/dev/shm');
  if (fileSystem === 'tmpfs') return pass('memory', '/dev/shm can hold files that never reach a disk');
  return warn(
    'memory',
    `/dev/shm is ${fileSystem}`,
    'Mount a tmpfs there, or pass secrets by environment or descriptor.',
  );
}
