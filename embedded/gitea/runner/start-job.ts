import { createHash } from 'node:crypto';
import type { StartJob } from '../embedded-gitea.ts';
import { fullName, hasAttemptRows, rowById, seconds, type GiteaInstance } from '../server/gitea-instance.ts';
import {
  nextId,
  type StoredJob,
  type StoredPull,
  type StoredRepository,
  type StoredRun,
  type StoredRunner,
  type StoredTask,
} from '../server/gitea-state.ts';
import { openPull } from './open-pull.ts';
import { baseCommit } from '../shapes/pull-shape.ts';

/** A run's job row and the task by which a runner has claimed it. */
export interface ClaimedJob {
  readonly repository: StoredRepository;
  readonly run: StoredRun;
  readonly job: StoredJob;
  readonly task: StoredTask;
  readonly runner: StoredRunner;
}

/**
 * Makes a run with one job, or a further job of the run named by `start.run`; `claimJob` gives it to a runner. It is queued,
 * or waits: for another job, or, where a stranger's pull_request caused it, for the approval of a maintainer.
 */
export function queueJob(instance: GiteaInstance, start: StartJob & { readonly waits?: boolean }): StoredJob {
  const { state } = instance;
  const repository = state.repositories.find((row) => fullName(row) === start.repository);
  if (repository === undefined) throw new Error(`The embedded Gitea has no repository ${start.repository}.`);
  const runner = runnerNamed(instance, start.runner);
  const run = start.run === undefined ? createRun(instance, repository, start) : rowById(state.runs, start.run);
  const waits = start.waits ?? waitsForApproval(instance, run);
  const job: StoredJob = {
    id: nextId(state, 'job'),
    runId: run.id,
    repositoryId: repository.id,
    name: start.name,
    key: start.key ?? start.name.replace(/ \(.*\)$/, '').replace(/[^A-Za-z0-9_-]+/g, '-'),
    labels: runner.labels,
    attempt: hasAttemptRows(instance) ? 1 : 0,
    taskId: 0,
    status: waits ? 'waiting' : 'queued',
    conclusion: null,
    created: seconds(instance),
    started: 0,
    stopped: 0,
  };
  state.jobs.push(job);
  instance.changed();
  return job;
}

/** pull_request runs of forks and agit wait; pull_request_target runs of both start at once. */
function waitsForApproval({ state }: GiteaInstance, run: StoredRun): boolean {
  const pull = state.pulls.find((row) => row.repositoryId === run.repositoryId && row.number === run.pullNumber);
  return run.event === 'pull_request' && pull !== undefined && pull.from !== 'own';
}

/**
 * Queues a further attempt of a job that has ended. Before Gitea 1.27 it is the same row: its times and its task are reset,
 * and its attempt rises only when a runner takes it. Since 1.27 it is a row of its own, with an id of its own.
 */
export function queueRerun(instance: GiteaInstance, jobId: number): StoredJob {
  const job = rowById(instance.state.jobs, jobId);
  if (job.status !== 'completed') throw new Error(`Job ${String(jobId)} has not ended.`);
  const next = { taskId: 0, status: 'queued', conclusion: null, started: 0, stopped: 0 } as const;
  instance.changed();
  if (!hasAttemptRows(instance)) return Object.assign(job, next);
  const own = { id: nextId(instance.state, 'job'), attempt: job.attempt + 1, created: seconds(instance) };
  const row: StoredJob = { ...job, ...next, ...own };
  instance.state.jobs.push(row);
  return row;
}

/** A runner takes the job: from now on it has a task, and has started. */
export function claimJob(instance: GiteaInstance, job: StoredJob, runnerName: string): ClaimedJob {
  const { state } = instance;
  const runner = runnerNamed(instance, runnerName);
  const started = seconds(instance);
  // Gitea counts when it makes the task: models/actions/task.go, `job.Attempt++`.
  if (!hasAttemptRows(instance)) job.attempt += 1;
  const task: StoredTask = {
    id: nextId(state, 'task'),
    jobId: job.id,
    attempt: job.attempt,
    runnerId: runner.id,
    status: 'running',
    started,
    stopped: 0,
    log: [],
    steps: [],
  };
  state.tasks.push(task);
  Object.assign(job, { taskId: task.id, status: 'in_progress', started });
  instance.changed();
  const repository = rowById(state.repositories, job.repositoryId);
  return { repository, run: rowById(state.runs, job.runId), job, task, runner };
}

function runnerNamed(instance: GiteaInstance, name: string): StoredRunner {
  const runner = instance.state.runners.find((row) => row.name === name);
  if (runner === undefined) throw new Error(`The embedded Gitea has no runner ${name}.`);
  return runner;
}

function createRun(instance: GiteaInstance, repository: StoredRepository, start: StartJob): StoredRun {
  const id = nextId(instance.state, 'run');
  const pull = pullOf(instance, repository, start);
  const event = start.event ?? (pull === null ? 'push' : 'pull_request');
  const commit = createHash('sha1')
    .update(`run ${String(id)}`)
    .digest('hex');
  const run: StoredRun = {
    id,
    number: instance.state.runs.filter((row) => row.repositoryId === repository.id).length + 1,
    repositoryId: repository.id,
    workflow: start.workflow ?? 'deploy.yml',
    event,
    branch: pull === null ? (start.branch ?? 'main') : 'main',
    pullNumber: pull?.number ?? null,
    commit: pull === null ? commit : commitOf(pull, event),
    actor: start.actor ?? pull?.author ?? repository.owner,
    ...(start.author === undefined ? {} : { author: start.author }),
    created: seconds(instance),
  };
  instance.state.runs.push(run);
  return run;
}

/** pull_request_target runs the base's code. */
function commitOf(pull: StoredPull, event: string): string {
  return event === 'pull_request_target' ? baseCommit : pull.commit;
}

/** The pull request that caused the run: the one named, or a new one where the event or `fork` asks for one. */
function pullOf(instance: GiteaInstance, repository: StoredRepository, start: StartJob): StoredPull | null {
  const { state } = instance;
  if (start.pull !== undefined) {
    const named = state.pulls.find((row) => row.repositoryId === repository.id && row.number === start.pull);
    if (named === undefined) throw new Error(`${start.repository} has no pull request ${String(start.pull)}.`);
    return named;
  }
  if (start.fork !== true && start.event?.startsWith('pull_request') !== true) return null;
  return openPull(instance, {
    repository: start.repository,
    from: start.fork === true ? 'fork' : 'own',
    ...(start.branch === undefined ? {} : { branch: start.branch }),
    ...(start.actor === undefined ? {} : { author: start.actor }),
  });
}
