import { fullName, isAtLeast, isoTime, type GiteaInstance } from '../server/gitea-instance.ts';
import type { StoredJob, StoredPull, StoredRepository, StoredRun, StoredRunner } from '../server/gitea-state.ts';
import type { JobDirectory } from './job-directory.ts';
import { headReference, pullShape } from '../shapes/pull-shape.ts';
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
  const pull = pullOf({ instance, run });
  // A pull_request_target runs on the base branch; a pull_request on the pull request's reference.
  const onPull = pull !== null && run.event === 'pull_request';
  return {
    ACT: 'true',
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
    GITHUB_REF: onPull ? `refs/pull/${String(pull.number)}/head` : `refs/heads/${run.branch}`,
    GITHUB_REF_NAME: onPull ? String(pull.number) : run.branch,
    GITHUB_REF_TYPE: onPull ? '' : 'branch',
    GITHUB_HEAD_REF: pull === null ? '' : headReference(pull),
    GITHUB_BASE_REF: pull === null ? '' : 'main',
    GITHUB_EVENT_NAME: run.event,
    GITHUB_EVENT_PATH: directory.eventPath,
    GITHUB_WORKSPACE: directory.workspace,
    GITHUB_SERVER_URL: instance.url(),
    GITHUB_API_URL: `${instance.url()}/api/v1`,
    GITHUB_GRAPHQL_URL: '',
    GITHUB_RETENTION_DAYS: '',
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
    // Host mode: the names that Go has for them.
    ImageOS: 'host',
    RUNNER_OS: 'linux',
    RUNNER_ARCH: process.arch === 'arm64' ? 'arm64' : 'amd64',
    RUNNER_PERFLOG: '/dev/null',
    RUNNER_TRACKING_ID: '',
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

/** The event as Gitea hands it to the job: `repository.id` is in it. Source: recorded `job-event-file-*` of 1.26.3. */
export function eventOf({ instance, repository, run }: JobSurroundings): object {
  const sender = ownerShape(instance, run.actor);
  const pull = pullOf({ instance, run });
  // The rights told are those of the one who caused the event, at least to read.
  const rights = pull === null ? 'administer' : 'read';
  const around = { repository: repositoryShape(instance, repository, rights), sender };
  if (pull === null) {
    const schedule = run.event === 'schedule' ? { schedule: '0 4 * * *' } : {};
    return { ...pushOf({ instance, repository, run }), pusher: sender, ...around, ...schedule };
  }
  return {
    action: 'opened',
    number: pull.number,
    pull_request: pullShape(instance, pull, 'read'),
    requested_reviewer: null,
    ...around,
    commit_id: '',
    review: null,
  };
}

function pullOf({ instance, run }: Pick<JobSurroundings, 'instance' | 'run'>): StoredPull | null {
  const { pulls } = instance.state;
  return pulls.find((row) => row.repositoryId === run.repositoryId && row.number === run.pullNumber) ?? null;
}

function pushOf({ instance, repository, run }: Pick<JobSurroundings, 'instance' | 'repository' | 'run'>): object {
  const address = `${instance.url()}/${fullName(repository)}`;
  const before = '0'.repeat(40);
  const person = { name: run.actor, email: `${run.actor}@noreply.localhost`, username: run.actor };
  const commit = {
    id: run.commit,
    message: `run ${String(run.number)}\n`,
    url: `${address}/commit/${run.commit}`,
    author: person,
    committer: person,
    verification: null,
    timestamp: isoTime(run.created),
    added: [],
    removed: [],
    modified: [],
  };
  return {
    ref: `refs/heads/${run.branch}`,
    before,
    after: run.commit,
    compare_url: `${address}/compare/${before}...${run.commit}`,
    commits: [commit],
    total_commits: 0,
    head_commit: commit,
  };
}
