import type { Job } from '../audit/model/job.ts';
import { idOf, jsonProperties, textOf } from './json-properties.ts';
import type { RunFacts } from './read-run.ts';

/** Facts that a job's own JSON lacks: its repository (named only in addresses), the event, and the fork. */
export interface JobSurroundings extends RunFacts {
  readonly instance: string;
  readonly repository: string;
  readonly known: Job['known'];
}

const statuses = ['queued', 'waiting', 'in_progress', 'completed'] as const satisfies readonly Job['status'][];
const conclusions = ['success', 'failure', 'cancelled', 'skipped'] as const;

/**
 * Parses a job from Gitea's API (definition ActionWorkflowJob) and counts the earlier attempts of the same id that have
 * ended. Gitea's zero time, 1970-01-01, means "not yet". Returns the name of the first invalid member on failure.
 */
export function parseWorkflowJob(
  value: unknown,
  surroundings: JobSurroundings,
): { readonly job: Job; readonly endedBefore: number } | { readonly fault: string } {
  const job = jsonProperties(value);
  const [jobId, runId] = [idOf(job.get('id')), idOf(job.get('run_id'))];
  if (jobId === null) return { fault: 'id' };
  if (runId === null) return { fault: 'run_id' };
  const status = statuses.find((one) => one === job.get('status'));
  if (status === undefined) return { fault: 'status' };
  const createdAt = timeOf(job.get('created_at'));
  if (createdAt === null) return { fault: 'created_at' };
  const labels = job.get('labels');
  const { hasAttemptRows, forkUnknownBecause, branch, ...facts } = surroundings;
  const attempt = attemptOf(job.get('run_attempt'), status, hasAttemptRows);
  return {
    endedBefore: hasAttemptRows ? 0 : attempt - 1,
    job: {
      format: 1,
      ...facts,
      ...(forkUnknownBecause === null ? {} : { forkUnknownBecause }),
      runId,
      jobId,
      attempt,
      taskId: null,
      name: textOf(job.get('name')) ?? '',
      runnerId: idOf(job.get('runner_id')),
      runnerName: textOf(job.get('runner_name')),
      labels: Array.isArray(labels) ? labels.filter((label) => typeof label === 'string') : [],
      status,
      conclusion: conclusions.find((one) => one === job.get('conclusion')) ?? null,
      createdAt,
      startedAt: timeOf(job.get('started_at')),
      completedAt: timeOf(job.get('completed_at')),
      branch,
      url: textOf(job.get('html_url')),
    },
  };
}

/**
 * Returns the attempt that a row describes. Before 1.27 one row serves all attempts, and Gitea counts when a runner takes
 * it: a row that is queued with number n describes attempt n + 1. Before 1.25 there is no number, only a first attempt.
 * Source: recorded `job-queued`, `job-rerun-queued` of 1.26.3; models/actions/task.go.
 */
function attemptOf(told: unknown, status: Job['status'], hasAttemptRows: boolean): number {
  const number = typeof told === 'number' && Number.isSafeInteger(told) && told >= 0 ? told : null;
  const waits = status === 'queued' || status === 'waiting';
  if (number === null) return 1;
  return Math.max(1, waits && !hasAttemptRows ? number + 1 : number);
}

/** Returns a time of Gitea's in ISO 8601, UTC; `null` for its zero time, 1970-01-01, which means "not yet". */
export function timeOf(value: unknown): string | null {
  const moment = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(moment) || moment <= 0 ? null : new Date(moment).toISOString();
}
