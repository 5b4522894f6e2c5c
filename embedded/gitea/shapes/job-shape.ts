import { fullName, isoTime, rowById, type GiteaInstance } from '../server/gitea-instance.ts';
import type { StoredJob, StoredStep } from '../server/gitea-state.ts';

/** Returns Gitea's status; the conclusion is absent until there is one. */
function statusOf(job: StoredJob) {
  return job.conclusion === null ? { status: job.status } : { status: job.status, conclusion: job.conclusion };
}

/**
 * Returns a job in the form of Gitea's API and webhooks (definition `ActionWorkflowJob`). It names its repository only in
 * addresses, and no branch if a pull request caused it.
 */
export function jobShape(instance: GiteaInstance, job: StoredJob) {
  const run = rowById(instance.state.runs, job.runId);
  const repository = fullName(rowById(instance.state.repositories, job.repositoryId));
  const task = instance.state.tasks.find((row) => row.id === job.taskId);
  const runner = instance.state.runners.find((row) => row.id === task?.runnerId);
  const api = `${instance.url()}/api/v1/repos/${repository}/actions`;
  return {
    id: job.id,
    url: `${api}/jobs/${String(job.id)}`,
    html_url: `${instance.url()}/${repository}/actions/runs/${String(run.id)}/jobs/${String(job.id)}`,
    run_id: run.id,
    run_url: `${api}/runs/${String(run.id)}`,
    name: job.name,
    labels: job.labels,
    run_attempt: job.attempt,
    head_sha: run.commit,
    ...(run.pullNumber === null ? { head_branch: run.branch } : {}),
    ...statusOf(job),
    ...(runner === undefined ? {} : { runner_id: runner.id, runner_name: runner.name }),
    steps: (task?.steps ?? []).map(stepShape),
    created_at: isoTime(job.created),
    started_at: isoTime(job.started),
    completed_at: isoTime(job.stopped),
  };
}

function stepShape(step: StoredStep, place: number) {
  return {
    name: step.name,
    number: place,
    status: step.conclusion === null ? 'in_progress' : 'completed',
    ...(step.conclusion === null ? {} : { conclusion: step.conclusion }),
    started_at: isoTime(step.started),
    completed_at: isoTime(step.stopped),
  };
}
