import type { Namespace } from './policy.ts';

/** A job that reads or may read. Omitted members are not checked; `null` means that the job has none. */
export interface ReadingJob {
  /** `owner/name`. */
  readonly repository: string;
  readonly branch?: string | null;
  readonly event?: string;
  /** `unknown` counts as a fork. */
  readonly fork?: boolean | 'unknown';
  /** File name of the run's workflow. */
  readonly workflow?: string | null;
  /** Whether Gitea protects the branch that the run was started on. */
  readonly protectedBranch?: boolean;
}

/**
 * Returns why a namespace does not let a job read, in plain words; empty if it does. Every list that is given must hold its
 * part; an empty one forbids nothing.
 */
export function namespaceRefusals(job: ReadingJob, namespace: Namespace): string[] {
  const { repositories, branches, events, forks, workflows, protectedBranch } = namespace;
  const repository = job.repository.toLowerCase();
  const holds = {
    fork: job.fork === undefined || job.fork === false || forks,
    repository: repositories.length === 0 || repositories.some((one) => one.toLowerCase() === repository),
    branch: job.branch === undefined || branches.length === 0 || branches.some((one) => matches(job.branch ?? '', one)),
    event: job.event === undefined || events.length === 0 || events.includes(job.event),
    workflow: job.workflow === undefined || workflows.length === 0 || workflows.includes(job.workflow ?? ''),
    protection: job.protectedBranch === undefined || !protectedBranch || job.protectedBranch,
  };
  return [
    ...(holds.fork ? [] : [forkRefusal(job.fork === 'unknown')]),
    ...(holds.repository ? [] : [`its repositories are ${repositories.join(', ')}`]),
    ...(holds.branch ? [] : [`its branches are ${branches.join(', ')}`]),
    ...(holds.event ? [] : [`its events are ${events.join(', ')}`]),
    ...(holds.workflow ? [] : [`its workflows are ${workflows.join(', ')}`]),
    ...(holds.protection ? [] : ['only runs of a protected branch may read']),
  ];
}

function forkRefusal(isUnknown: boolean): string {
  const rule = 'pull requests from forks may not read';
  return isUnknown ? `${rule}, and it is not known whether this is one` : rule;
}

/** A `*` at the end matches any suffix: `release/*`. */
function matches(branch: string, pattern: string): boolean {
  return pattern.endsWith('*') ? branch.startsWith(pattern.slice(0, -1)) : branch === pattern;
}
