import { bytes, json, notFound, Refusal, type Answer } from '../server/answer.ts';
import type { Route, RouteContext } from '../server/gitea-route.ts';
import type { StoredJob, StoredRun } from '../server/gitea-state.ts';
import { jobShape } from '../shapes/job-shape.ts';
import { pageOf } from '../server/paging.ts';
import { runOf } from './run-routes.ts';
import { currentJobs, runShape, runStatus } from '../shapes/run-shape.ts';

const inRepository = { access: 'actions-reader', area: 'repository' } as const;
const everywhere = { access: 'administrator', area: 'admin' } as const;

/** Runs, jobs and their logs: of a repository, and of the whole site for its administrator. */
export const actionRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: '/repos/:owner/:repository/actions/runs',
    ...inRepository,
    handle: (context) => listRuns(context, ofRepository(context)),
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repository/actions/runs/:run/jobs',
    ...inRepository,
    handle: (context) => listJobs(context, currentJobs(context.instance, runOf(context))),
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repository/actions/jobs',
    ...inRepository,
    handle: (context) => listJobs(context, context.instance.state.jobs.filter(ofRepository(context))),
  },
  {
    method: 'GET',
    pattern: '/repos/:owner/:repository/actions/jobs/:job',
    ...inRepository,
    handle: (context) => json(200, jobShape(context.instance, jobOf(context))),
  },
  { method: 'GET', pattern: '/repos/:owner/:repository/actions/jobs/:job/logs', ...inRepository, handle: readLog },
  { method: 'GET', pattern: '/admin/actions/runs', ...everywhere, handle: (context) => listRuns(context, () => true) },
  {
    method: 'GET',
    pattern: '/admin/actions/jobs',
    ...everywhere,
    handle: (context) => listJobs(context, context.instance.state.jobs),
  },
];

function ofRepository(context: RouteContext) {
  const { id } = context.repository();
  return (row: { readonly repositoryId: number }) => row.repositoryId === id;
}

function jobOf(context: RouteContext): StoredJob {
  const own = ofRepository(context);
  const job = context.instance.state.jobs.find((row) => row.id === Number(context.parameters['job']) && own(row));
  if (job === undefined) throw notFound();
  return job;
}

/** Newest run first, as `FindRunOptions` orders them. */
function listRuns(context: RouteContext, included: (run: StoredRun) => boolean): Answer {
  const { instance, request } = context;
  const has = (name: string, value: string) => !request.query.has(name) || request.query.get(name) === value;
  const wanted = statusFilter(request.query);
  const rows = instance.state.runs
    .filter(included)
    .filter(
      (run) =>
        has('event', run.event) && has('branch', run.branch) && has('head_sha', run.commit) && has('actor', run.actor),
    )
    .filter((run) => wanted(runStatus(currentJobs(instance, run))))
    .toReversed();
  const page = pageOf(rows, { instance, request });
  return json(
    200,
    { workflow_runs: page.rows.map((run) => runShape(instance, run)), total_count: page.total },
    page.headers,
  );
}

/** Lowest job id first. */
function listJobs(context: RouteContext, jobs: readonly StoredJob[]): Answer {
  const { instance, request } = context;
  const page = pageOf(jobs.filter(statusFilter(request.query)), { instance, request });
  return json(200, { jobs: page.rows.map((job) => jobShape(instance, job)), total_count: page.total }, page.headers);
}

type Status = Pick<StoredJob, 'status' | 'conclusion'>;

const statuses: Readonly<Record<string, (row: Status) => boolean>> = {
  queued: (row) => row.status === 'queued',
  waiting: (row) => row.status === 'waiting',
  pending: () => false,
  requested: () => false,
  action_required: () => false,
  in_progress: (row) => row.status === 'in_progress',
  completed: (row) => row.status === 'completed',
  success: (row) => row.conclusion === 'success',
  failure: (row) => row.conclusion === 'failure',
  cancelled: (row) => row.conclusion === 'cancelled',
  skipped: (row) => row.conclusion === 'skipped',
};

/** The repeatable `status` parameter. @throws Refusal 400 for an unknown status. */
function statusFilter(query: URLSearchParams): (row: Status) => boolean {
  const wanted = query.getAll('status').map((status) => {
    const test = statuses[status];
    if (test === undefined) throw new Refusal(400, `Invalid status ${status}`);
    return test;
  });
  return (row) => wanted.length === 0 || wanted.some((test) => test(row));
}

/**
 * Returns the log of the job's current task, as a text file whose name ends with the task id. 404 without a task: a queued
 * re-run hides the log of the previous attempt.
 */
function readLog(context: RouteContext): Answer {
  const job = jobOf(context);
  const task = context.instance.state.tasks.find((row) => row.id === job.taskId);
  if (task === undefined) throw notFound(['job not started']);
  const run = context.instance.state.runs.find((row) => row.id === job.runId);
  const workflow = (run?.workflow ?? '').replace(/\.ya?ml$/, '');
  const fileName = `${workflow}-${job.name}-${String(task.id)}.log`;
  return bytes(200, Buffer.from(task.log.map((row) => `${row}\n`).join(''), 'latin1'), {
    'content-disposition': `attachment; filename="${fileName}"; filename*=UTF-8''${encodeURIComponent(fileName)}`,
  });
}
