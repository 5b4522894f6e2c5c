import { fullName, isoTime, rowById, type GiteaInstance } from '../server/gitea-instance.ts';
import type { Conclusion, StoredJob, StoredRun } from '../server/gitea-state.ts';
import { repositoryShape } from './repository-shape.ts';
import { ownerShape } from './user-shape.ts';

/** The jobs of a run that count for it: of each key and name the newest attempt. */
export function currentJobs(instance: GiteaInstance, run: StoredRun): readonly StoredJob[] {
  const newest = new Map<string, StoredJob>();
  for (const job of instance.state.jobs) if (job.runId === run.id) newest.set(`${job.key} ${job.name}`, job);
  return [...newest.values()];
}

/** A run's status, made from its jobs' as Gitea does: it ends when all have ended, failed before cancelled before success. */
export function runStatus(jobs: readonly StoredJob[]): {
  readonly status: StoredJob['status'];
  readonly conclusion: Conclusion | null;
} {
  if (jobs.every((job) => job.status === 'completed')) {
    const conclusions = jobs.map((job) => job.conclusion);
    const worst = (['failure', 'cancelled'] as const).find((conclusion) => conclusions.includes(conclusion));
    return { status: 'completed', conclusion: worst ?? 'success' };
  }
  return { status: jobs.every((job) => job.status === 'queued') ? 'queued' : 'in_progress', conclusion: null };
}

/** A run as Gitea's API writes one (definition `ActionWorkflowRun`). */
export function runShape(instance: GiteaInstance, run: StoredRun) {
  const repository = rowById(instance.state.repositories, run.repositoryId);
  const jobs = currentJobs(instance, run);
  const { status, conclusion } = runStatus(jobs);
  const name = fullName(repository);
  const started = Math.min(...jobs.map((job) => job.started));
  const actor = ownerShape(instance, run.actor);
  return {
    id: run.id,
    url: `${instance.url()}/api/v1/repos/${name}/actions/runs/${String(run.id)}`,
    html_url: `${instance.url()}/${name}/actions/runs/${String(run.number)}`,
    display_title: `${run.workflow} on ${run.branch}`,
    path: `${run.workflow}@refs/heads/${run.branch}`,
    event: run.event,
    run_attempt: Math.max(1, ...jobs.map((job) => job.attempt)),
    run_number: run.number,
    repository_id: repository.id,
    head_sha: run.commit,
    head_branch: run.branch,
    status,
    ...(conclusion === null ? {} : { conclusion }),
    actor,
    trigger_actor: actor,
    repository: repositoryShape(instance, repository, false),
    head_repository: { ...repositoryShape(instance, repository, false), fork: run.fork },
    started_at: isoTime(Number.isFinite(started) ? started : 0),
    completed_at: isoTime(status === 'completed' ? Math.max(...jobs.map((job) => job.stopped)) : 0),
  };
}
