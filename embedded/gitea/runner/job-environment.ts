import { fullName, isAtLeast, type GiteaInstance } from '../server/gitea-instance.ts';
import type { StoredJob, StoredRepository, StoredRun, StoredRunner } from '../server/gitea-state.ts';
import type { JobDirectory } from './job-directory.ts';
import { repositoryShape } from '../shapes/repository-shape.ts';
import { ownerShape } from '../shapes/user-shape.ts';

export interface JobSurroundings {
  readonly instance: GiteaInstance;
  readonly repository: StoredRepository;
  readonly run: StoredRun;
  readonly job: StoredJob;
  readonly runner: StoredRunner;
}

/**
 * The variables that a runner of this version gives to a job in host mode: the daemon's own environment underneath, then
 * what Gitea told it of the job. No variable names the job's or the task's numeric id; only the runtime token carries them.
 * Source: act/runner/run_context.go withGithubEnv and step.go, internal/app/run/runner.go, with the version of each.
 */
export function jobEnvironment(
  surroundings: JobSurroundings,
  directory: JobDirectory,
  runtimeToken: string,
): Readonly<Record<string, string>> {
  const { runner } = surroundings;
  return {
    PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    HOME: directory.home,
    ...runner.environment,
    ...gitHubVariables(surroundings, directory),
    ...actionsVariables(surroundings, runtimeToken),
    ...runnerVariables(runner, directory),
    ...commandFileVariables(runner, directory),
  };
}

function gitHubVariables({ instance, repository, run, job, runner }: JobSurroundings, directory: JobDirectory) {
  const pullRequest = run.event === 'pull_request' || run.event === 'pull_request_target';
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKFLOW: run.workflow.replace(/\.ya?ml$/, ''),
    GITHUB_RUN_ID: String(run.id),
    GITHUB_RUN_NUMBER: String(run.number),
    ...(isAtLeast(runner.version, '0.5.0') ? { GITHUB_RUN_ATTEMPT: String(job.attempt) } : {}),
    GITHUB_JOB: job.key,
    GITHUB_REPOSITORY: fullName(repository),
    GITHUB_REPOSITORY_OWNER: repository.owner,
    GITHUB_ACTOR: run.actor,
    GITHUB_SHA: run.commit,
    GITHUB_REF: pullRequest ? 'refs/pull/1/head' : `refs/heads/${run.branch}`,
    GITHUB_REF_NAME: pullRequest ? '1/head' : run.branch,
    GITHUB_REF_TYPE: pullRequest ? '' : 'branch',
    GITHUB_HEAD_REF: pullRequest ? run.branch : '',
    GITHUB_BASE_REF: pullRequest ? 'main' : '',
    GITHUB_EVENT_NAME: run.event,
    GITHUB_EVENT_PATH: directory.eventPath,
    GITHUB_WORKSPACE: directory.workspace,
    GITHUB_SERVER_URL: instance.url(),
    GITHUB_API_URL: `${instance.url()}/api/v1`,
    GITHUB_GRAPHQL_URL: '',
    GITHUB_RETENTION_DAYS: '90',
    GITHUB_ACTION: '0',
    GITHUB_ACTION_PATH: '',
    GITHUB_ACTION_REPOSITORY: '',
    GITHUB_ACTION_REF: '',
  };
}

function actionsVariables({ instance, run, runner }: JobSurroundings, runtimeToken: string) {
  return {
    GITEA_ACTIONS: 'true',
    GITEA_ACTIONS_RUNNER_VERSION: `v${runner.version}`,
    ACTIONS_RUNTIME_URL: `${instance.url()}/api/actions_pipeline/`,
    ACTIONS_RUNTIME_TOKEN: runtimeToken,
    ACTIONS_RESULTS_URL: instance.url(),
    ...(isAtLeast(runner.version, '2.0.0')
      ? { GITEA_RUN_ID: String(run.id), GITEA_ACTIONS_CAPABILITIES: 'cancelling' }
      : {}),
  };
}

function runnerVariables(runner: StoredRunner, directory: JobDirectory) {
  return {
    RUNNER_OS: 'Linux',
    RUNNER_ARCH: process.arch === 'arm64' ? 'ARM64' : 'X64',
    RUNNER_TEMP: directory.temporary,
    RUNNER_TOOL_CACHE: directory.toolCache,
    ...(isAtLeast(runner.version, '2.3.0')
      ? { RUNNER_NAME: runner.name, RUNNER_ENVIRONMENT: 'self-hosted', RUNNER_WORKSPACE: directory.home }
      : {}),
  };
}

function commandFileVariables(runner: StoredRunner, directory: JobDirectory) {
  const owners = isAtLeast(runner.version, '1.0.0') ? ['GITHUB', 'GITEA'] : ['GITHUB'];
  const pairs = owners.flatMap((owner) =>
    Object.entries(directory.commandFiles).map(([name, path]) => [`${owner}_${name}`, path]),
  );
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** The event as Gitea hands it to the job: `repository.id` is in it. */
export function eventOf({ instance, repository, run, job }: JobSurroundings): object {
  const shape = repositoryShape(instance, repository, false);
  const sender = ownerShape(instance, run.actor);
  if (run.event !== 'pull_request' && run.event !== 'pull_request_target') {
    return { ref: `refs/heads/${run.branch}`, after: run.commit, repository: shape, pusher: sender, sender };
  }
  const head = {
    ref: run.branch,
    sha: run.commit,
    repo: { ...shape, fork: run.fork },
    repo_id: run.fork ? repository.id + 1_000_000 : repository.id,
  };
  const pullRequest = { number: 1, title: job.name, head, base: { ref: 'main', repo: shape, repo_id: repository.id } };
  return { action: 'opened', number: 1, pull_request: pullRequest, repository: shape, sender };
}
