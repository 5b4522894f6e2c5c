import { json, notFound, nothing, Refusal, unknownRoute, type Answer } from '../server/answer.ts';
import { hasAttemptRows, isAtLeast, isoTime, rowById, type GiteaInstance } from '../server/gitea-instance.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import type { StoredRun, StoredTask } from '../server/gitea-state.ts';
import { queueRerun } from '../runner/start-job.ts';
import { jobShape } from '../shapes/job-shape.ts';
import { pageOf } from '../server/paging.ts';
import { currentJobs, runShape, runStatus } from '../shapes/run-shape.ts';

const read = { access: 'actions-reader', area: 'repository' } as const;
const base = '/repos/:owner/:repository/actions';

/** Single runs, their attempts, and the tasks of a repository. */
export const runRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: `${base}/runs/:run`,
    ...read,
    handle: (context) => json(200, runShape(context.instance, runOf(context))),
  },
  {
    method: 'DELETE',
    pattern: `${base}/runs/:run`,
    access: 'repository-administrator',
    area: 'repository',
    handle: deleteRun,
  },
  {
    method: 'POST',
    pattern: `${base}/runs/:run/rerun`,
    access: 'repository-administrator',
    area: 'repository',
    handle: rerun,
  },
  { method: 'GET', pattern: `${base}/runs/:run/attempts/:attempt`, ...read, handle: readAttempt },
  { method: 'GET', pattern: `${base}/runs/:run/attempts/:attempt/jobs`, ...read, handle: listAttemptJobs },
  { method: 'GET', pattern: `${base}/tasks`, ...read, handle: listTasks },
];

/** @throws Refusal 404 when the path's repository has no such run. */
export function runOf(context: RouteContext): StoredRun {
  const { id } = context.repository();
  const run = context.instance.state.runs.find(
    (row) => String(row.id) === context.parameters['run'] && row.repositoryId === id,
  );
  if (run === undefined) throw notFound();
  return run;
}

/** Queues a further attempt of each job of an ended run. Since 1.26. */
function rerun(context: RouteContext): Answer {
  const { instance } = context;
  if (!isAtLeast(instance.version, '1.26.0')) return unknownRoute();
  const run = runOf(context);
  const jobs = currentJobs(instance, run);
  if (runStatus(jobs).status !== 'completed') throw new Refusal(400, 'this workflow run is not done');
  for (const job of jobs) instance.jobChanged(queueRerun(instance, job.id));
  return json(201, runShape(instance, run));
}

/** Deletes a finished run with its jobs, tasks and logs: an administrator of the repository can erase that evidence. */
function deleteRun(context: RouteContext): Answer {
  const { instance } = context;
  const { state } = instance;
  const run = runOf(context);
  if (runStatus(currentJobs(instance, run)).status !== 'completed')
    throw new Refusal(400, 'this workflow run is not done');
  const jobs = state.jobs.filter((job) => job.runId === run.id);
  drop(state.tasks, (task) => jobs.some((job) => job.id === task.jobId));
  drop(state.jobs, (job) => job.runId === run.id);
  drop(state.runs, (row) => row.id === run.id);
  instance.changed();
  return nothing();
}

function drop<Row>(rows: Row[], unwanted: (row: Row) => boolean): void {
  rows.splice(0, rows.length, ...rows.filter((row) => !unwanted(row)));
}

/** Since 1.27, attempts have their own rows and routes. */
function attemptOf(context: RouteContext) {
  const { instance, parameters } = context;
  const run = runOf(context);
  const jobs = instance.state.jobs.filter(
    (job) => job.runId === run.id && String(job.attempt) === parameters['attempt'],
  );
  if (jobs.length === 0) throw notFound();
  return { run, jobs };
}

function readAttempt(context: RouteContext): Answer {
  if (!hasAttemptRows(context.instance)) return unknownRoute();
  const { run, jobs } = attemptOf(context);
  const { status, conclusion } = runStatus(jobs);
  // Otherwise a running attempt would show the run's conclusion.
  const ended = conclusion === null ? { conclusion: undefined } : { conclusion };
  return json(200, {
    ...runShape(context.instance, run),
    run_attempt: Number(context.parameters['attempt']),
    status,
    ...ended,
  });
}

function listAttemptJobs(context: RouteContext): Answer {
  if (!hasAttemptRows(context.instance)) return unknownRoute();
  const { instance, request } = context;
  const page = pageOf(attemptOf(context).jobs, { instance, request });
  return json(200, { jobs: page.rows.map((job) => jobShape(instance, job)), total_count: page.total }, page.headers);
}

/** Newest task first. It names neither its job nor its runner. */
function listTasks(context: RouteContext): Answer {
  const { instance, request } = context;
  const { id } = context.repository();
  const rows = instance.state.tasks
    .filter((task) => rowById(instance.state.jobs, task.jobId).repositoryId === id)
    .toReversed();
  const page = pageOf(rows, { instance, request });
  return json(
    200,
    { workflow_runs: page.rows.map((task) => taskShape(instance, task)), total_count: page.total },
    page.headers,
  );
}

function taskShape(instance: GiteaInstance, task: StoredTask) {
  const job = rowById(instance.state.jobs, task.jobId);
  const run = rowById(instance.state.runs, job.runId);
  const { html_url, display_title } = runShape(instance, run);
  return {
    id: task.id,
    name: job.name,
    head_branch: run.branch,
    head_sha: run.commit,
    run_number: run.number,
    event: run.event,
    display_title,
    status: task.status,
    workflow_id: run.workflow,
    url: html_url,
    created_at: isoTime(task.started),
    updated_at: isoTime(task.stopped === 0 ? task.started : task.stopped),
    run_started_at: isoTime(task.started),
  };
}
