import { fullName, hasAttemptRows, isoTime, rowById, type GiteaInstance } from '../server/gitea-instance.ts';
import type { Conclusion, StoredJob, StoredRun } from '../server/gitea-state.ts';
import { baseCommit } from './pull-shape.ts';
import { repositoryShape } from './repository-shape.ts';
import { ownerShape } from './user-shape.ts';

/** Returns the run's current jobs: the newest attempt for each key and name. */
export function currentJobs(instance: GiteaInstance, run: StoredRun): readonly StoredJob[] {
  const newest = new Map<string, StoredJob>();
  for (const job of instance.state.jobs) if (job.runId === run.id) newest.set(`${job.key} ${job.name}`, job);
  return [...newest.values()];
}

/** Derives a run's status from its jobs as Gitea does: it ends when all have ended; failure beats cancelled beats success. */
export function runStatus(jobs: readonly StoredJob[]): {
  readonly status: StoredJob['status'];
  readonly conclusion: Conclusion | null;
} {
  if (jobs.every((job) => job.status === 'completed')) {
    const conclusions = jobs.map((job) => job.conclusion);
    const worst = (['failure', 'cancelled'] as const).find((conclusion) => conclusions.includes(conclusion));
    return { status: 'completed', conclusion: worst ?? 'success' };
  }
  if (jobs.every((job) => job.status === 'waiting')) return { status: 'waiting', conclusion: null };
  const idle = jobs.every((job) => job.status === 'queued' || job.status === 'waiting');
  return { status: idle ? 'queued' : 'in_progress', conclusion: null };
}

/**
 * Returns a run in the form of Gitea's API (definition `ActionWorkflowRun`). The description also declares `repository_id`
 * and `head_repository`, which 1.26.3 never fills; its `run_attempt` is 0. Source: recorded `run-*` and `*-pull-run`.
 */
export function runShape(instance: GiteaInstance, run: StoredRun) {
  const repository = rowById(instance.state.repositories, run.repositoryId);
  const jobs = currentJobs(instance, run);
  const { status, conclusion } = runStatus(jobs);
  const name = fullName(repository);
  const begun = jobs.map((job) => job.started).filter((time) => time > 0);
  const actor = ownerShape(instance, run.actor);
  return {
    id: run.id,
    url: `${instance.url()}/api/v1/repos/${name}/actions/runs/${String(run.id)}`,
    html_url: `${instance.url()}/${name}/actions/runs/${String(run.id)}`,
    display_title: `${run.workflow} on ${run.branch}`,
    path: `${run.workflow}@${referenceOf(run)}`,
    event: run.event,
    run_attempt: 0,
    run_number: run.number,
    head_sha: run.commit,
    ...(run.pullNumber === null ? { head_branch: run.branch } : {}),
    status,
    ...(conclusion === null ? {} : { conclusion }),
    actor,
    trigger_actor: actor,
    repository: repositoryShape(instance, repository, 'none'),
    started_at: isoTime(begun.length === 0 ? 0 : Math.min(...begun)),
    completed_at: isoTime(status === 'completed' ? Math.max(...jobs.map((job) => job.stopped)) : 0),
    ...(hasAttemptRows(instance) ? attemptFacts(instance, run, jobs) : {}),
  };
}

/** The path names the pull request even for pull_request_target, although the job runs on the base branch. */
function referenceOf(run: StoredRun): string {
  return run.pullNumber === null ? `refs/heads/${run.branch}` : `refs/pull/${String(run.pullNumber)}/head`;
}

/**
 * Returns the members that 1.27 adds: attempts from 1, the address of the previous one, and the run's pull requests. They
 * contain the base repository for a deleted fork, and no label, so they cannot identify a stranger's pull request.
 */
function attemptFacts(instance: GiteaInstance, run: StoredRun, jobs: readonly StoredJob[]) {
  const attempt = Math.max(1, ...jobs.map((job) => job.attempt));
  const name = fullName(rowById(instance.state.repositories, run.repositoryId));
  const base = `${instance.url()}/api/v1/repos/${name}/actions/runs/${String(run.id)}`;
  return {
    run_attempt: attempt,
    ...(attempt > 1 ? { previous_attempt_url: `${base}/attempts/${String(attempt - 1)}` } : {}),
    pull_requests: pullsOf(instance, run),
  };
}

function pullsOf(instance: GiteaInstance, run: StoredRun) {
  return instance.state.pulls
    .filter((pull) => pull.repositoryId === run.repositoryId && pull.number === run.pullNumber)
    .map((pull) => {
      const base = rowById(instance.state.repositories, pull.repositoryId);
      const head = instance.state.repositories.find((row) => row.id === pull.headRepositoryId) ?? base;
      const url = `${instance.url()}/api/v1/repos/${fullName(base)}/pulls/${String(pull.number)}`;
      const reference = (repository: typeof base, ref: string, sha: string) => ({
        ref,
        sha,
        repo: {
          id: repository.id,
          url: `${instance.url()}/api/v1/repos/${fullName(repository)}`,
          name: repository.name,
        },
      });
      return {
        id: pull.id,
        number: pull.number,
        url,
        head: reference(head, pull.branch, pull.commit),
        base: reference(base, 'main', baseCommit),
      };
    });
}
