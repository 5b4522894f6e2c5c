import { createHash } from 'node:crypto';
import type { StartJob } from '../embedded-gitea.ts';
import { fullName, rowById, seconds, type GiteaInstance, isAtLeast } from '../server/gitea-instance.ts';
import {
  nextId,
  type StoredJob,
  type StoredRepository,
  type StoredRun,
  type StoredRunner,
  type StoredTask,
} from '../server/gitea-state.ts';

/** A run's job row and the task by which a runner has claimed it. */
export interface ClaimedJob {
  readonly repository: StoredRepository;
  readonly run: StoredRun;
  readonly job: StoredJob;
  readonly task: StoredTask;
  readonly runner: StoredRunner;
}

/** Makes a run with one job, or a further job of the run named by `start.run`. It is queued; `claimJob` gives it to a runner. */
export function queueJob(instance: GiteaInstance, start: StartJob): StoredJob {
  const { state } = instance;
  const repository = state.repositories.find((row) => fullName(row) === start.repository);
  if (repository === undefined) throw new Error(`The embedded Gitea has no repository ${start.repository}.`);
  const runner = runnerNamed(instance, start.runner);
  const run = start.run === undefined ? createRun(instance, repository, start) : rowById(state.runs, start.run);
  const job: StoredJob = {
    id: nextId(state, 'job'),
    runId: run.id,
    repositoryId: repository.id,
    name: start.name,
    key: start.key ?? start.name.replace(/ \(.*\)$/, '').replace(/[^A-Za-z0-9_-]+/g, '-'),
    labels: runner.labels,
    attempt: 1,
    taskId: 0,
    status: 'queued',
    conclusion: null,
    created: seconds(instance),
    started: 0,
    stopped: 0,
  };
  state.jobs.push(job);
  instance.changed();
  return job;
}

/**
 * Queues a further attempt of a job that has ended. Before Gitea 1.27 it is the same row with its times overwritten; since
 * 1.27 it is a row of its own, with an id of its own.
 */
export function queueRerun(instance: GiteaInstance, jobId: number): StoredJob {
  const job = rowById(instance.state.jobs, jobId);
  if (job.status !== 'completed') throw new Error(`Job ${String(jobId)} has not ended.`);
  const next = {
    attempt: job.attempt + 1,
    taskId: 0,
    status: 'queued',
    conclusion: null,
    started: 0,
    stopped: 0,
  } as const;
  if (!isAtLeast(instance.version, '1.27.0')) {
    Object.assign(job, next);
    instance.changed();
    return job;
  }
  const row: StoredJob = { ...job, ...next, id: nextId(instance.state, 'job'), created: seconds(instance) };
  instance.state.jobs.push(row);
  instance.changed();
  return row;
}

/** A runner takes the job: from now on it has a task, and has started. */
export function claimJob(instance: GiteaInstance, job: StoredJob, runnerName: string): ClaimedJob {
  const { state } = instance;
  const runner = runnerNamed(instance, runnerName);
  const started = seconds(instance);
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
  const run: StoredRun = {
    id,
    number: instance.state.runs.filter((row) => row.repositoryId === repository.id).length + 1,
    repositoryId: repository.id,
    workflow: start.workflow ?? 'deploy.yml',
    event: start.event ?? 'push',
    branch: start.branch ?? 'main',
    fork: start.fork ?? false,
    commit: createHash('sha1')
      .update(`run ${String(id)}`)
      .digest('hex'),
    actor: start.actor ?? repository.owner,
    created: seconds(instance),
  };
  instance.state.runs.push(run);
  return run;
}
