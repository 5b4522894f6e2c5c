import type { IdentityRule } from '../../secrets/policy.ts';
import type { Job } from '../model/job.ts';
import { jobKey } from '../model/job-name.ts';

/** Jobs, found by their numbers or by the moment at which they ran. */
export interface JobIndex {
  find(numbers: { readonly instance: string; readonly jobId: number; readonly attempt: number }): Job | null;
  /** Jobs that the identity serves and that were running at `at` (milliseconds), each side widened by `slackMs`; in order of their keys. */
  running(identity: IdentityRule, at: number, slackMs: number): readonly Job[];
  readonly size: number;
}

/** Gitea keeps whole seconds, and claims a job before the runner has it. Two seconds more cover clocks that differ a little. */
export const jobSlackMs = 3_000;

interface Span {
  readonly from: number;
  readonly to: number;
  readonly job: Job;
}

/** Builds the index. Of one attempt told twice the one that has ended counts, then the one the API told. */
export function indexJobs(jobs: Iterable<Job>): JobIndex {
  const byKey = new Map<string, Job>();
  for (const job of jobs) {
    const key = jobKey(job);
    const known = byKey.get(key);
    if (known === undefined || rank(job) > rank(known)) byKey.set(key, job);
  }
  const spansOf = new Map<string, Spans>();
  return {
    size: byKey.size,
    find: (numbers) => byKey.get(jobKey(numbers)) ?? null,
    running(identity, at, slackMs) {
      let spans = spansOf.get(identity.objectId);
      if (spans === undefined) {
        spans = createSpans([...byKey.values()].filter((job) => mayServe(identity, job)));
        spansOf.set(identity.objectId, spans);
      }
      return spans.around(at, slackMs);
    },
  };
}

/** Whether the policy lets jobs of this repository run with the identity; without a list of repositories its runners' labels decide. */
function mayServe(identity: IdentityRule, job: Job): boolean {
  if (identity.repositories.length > 0) return servesRepository(identity, job.repository);
  return identity.runnerLabels.length === 0 || job.labels.some((label) => identity.runnerLabels.includes(label));
}

/** Whether a repository is on the identity's list; names are compared without regard to case, as Gitea does. */
export function servesRepository({ repositories }: IdentityRule, repository: string): boolean {
  return repositories.some((one) => one.toLowerCase() === repository.toLowerCase());
}

/** Whether the job was running at `at` (milliseconds), each side widened by `slackMs`. */
export function wasRunning(job: Job, at: number, slackMs: number): boolean {
  const span = spanOf(job);
  return span !== null && at >= span.from - slackMs && at <= span.to + slackMs;
}

interface Spans {
  around(at: number, slackMs: number): readonly Job[];
}

/** Sorted by start, with the latest end so far beside each: the walk back ends where nothing earlier reaches the moment. */
function createSpans(jobs: readonly Job[]): Spans {
  const sorted = jobs.flatMap((job): Span[] => {
    const span = spanOf(job);
    return span === null ? [] : [span];
  });
  sorted.sort((a, b) => a.from - b.from || (jobKey(a.job) < jobKey(b.job) ? -1 : 1));
  const latestEnd: number[] = [];
  for (const { to } of sorted) latestEnd.push(Math.max(to, latestEnd.at(-1) ?? Number.NEGATIVE_INFINITY));
  return {
    around(at, slackMs) {
      const found: Job[] = [];
      for (let index = lastStarted(sorted, at + slackMs); index >= 0; index -= 1) {
        if ((latestEnd[index] ?? 0) < at - slackMs) break;
        const span = sorted[index];
        if (span !== undefined && span.to >= at - slackMs) found.push(span.job);
      }
      return found.sort((a, b) => (jobKey(a) < jobKey(b) ? -1 : 1));
    },
  };
}

/** Position of the last span that starts at or before `at`; -1 when none does. */
function lastStarted(spans: readonly Span[], at: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans[middle]?.from ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Spans by job: each row of a job asks for it, and reading two dates costs more than the rest of the join. */
const spanOfJob = new WeakMap<Job, Span>();

/** A job that has not ended runs on; one that was never started ran at no moment. */
function spanOf(job: Job): Span | null {
  if (job.startedAt === null) return null;
  let span = spanOfJob.get(job);
  if (span === undefined) {
    const to = job.completedAt === null ? Number.POSITIVE_INFINITY : Date.parse(job.completedAt);
    span = { from: Date.parse(job.startedAt), to, job };
    spanOfJob.set(job, span);
  }
  return span;
}

/** Total order of two words on one attempt, so that the order of the input decides nothing. */
function rank(job: Job): string {
  return `${job.completedAt ?? ''}|${job.known === 'api' ? 'b' : 'a'}|${job.startedAt ?? ''}|${JSON.stringify(job)}`;
}
