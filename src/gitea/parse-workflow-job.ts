import type { Job } from '../audit/model/job.ts';
import { jsonProperties } from './json-properties.ts';

/** What a job's own JSON does not say: it names no repository but in addresses, and neither event nor fork. */
export interface JobSurroundings {
  readonly instance: string;
  readonly repositoryId: number;
  readonly repository: string;
  readonly event: string;
  readonly fork: boolean;
  readonly known: Job['known'];
}

const statuses = ['queued', 'waiting', 'in_progress', 'completed'] as const satisfies readonly Job['status'][];
const conclusions = ['success', 'failure', 'cancelled', 'skipped'] as const;

/**
 * A job as Gitea's API and its `workflow_job` hook write one (definition ActionWorkflowJob). Gitea's zero time,
 * 1970-01-01, means that it has not happened. Returns the name of the first member that is wrong instead.
 */
export function parseWorkflowJob(value: unknown, surroundings: JobSurroundings): Job | { readonly fault: string } {
  const job = jsonProperties(value);
  const [jobId, runId] = [idOf(job.get('id')), idOf(job.get('run_id'))];
  if (jobId === null) return { fault: 'id' };
  if (runId === null) return { fault: 'run_id' };
  const status = statuses.find((one) => one === job.get('status'));
  if (status === undefined) return { fault: 'status' };
  const createdAt = timeOf(job.get('created_at'));
  if (createdAt === null) return { fault: 'created_at' };
  const labels = job.get('labels');
  return {
    format: 1,
    ...surroundings,
    runId,
    jobId,
    // Before 1.25 there is no attempt; the first is meant.
    attempt: idOf(job.get('run_attempt')) ?? 1,
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
    branch: textOf(job.get('head_branch')),
    url: textOf(job.get('html_url')),
  };
}

/** A database id, from 1. */
export function idOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function timeOf(value: unknown): string | null {
  const moment = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(moment) || moment <= 0 ? null : new Date(moment).toISOString();
}
