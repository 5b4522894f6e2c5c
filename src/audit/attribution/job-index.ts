import type { IdentityRule } from '../../secrets/policy.ts';
import type { Job } from '../model/job.ts';
import { isSameJob, jobKey } from '../model/job-name.ts';
import { memoize } from '../../provenance/memoize.ts';
import { instantOf } from '../parsing/moment.ts';

/** Finds jobs by their numbers or by the time when they ran. */
export interface JobIndex {
  find(numbers: { readonly instance: string; readonly jobId: number; readonly attempt: number }): Job | null;
  /**
   * Jobs that the identity serves and that were running at `at` (milliseconds), with `slackMs` added on each side; in
   * order of their keys.
   */
  running(identity: IdentityRule, at: number, slackMs: number): readonly Job[];
  readonly size: number;
}

type FindJob = JobIndex['find'];

/** Neighbouring rows are often of one job, and to compare its numbers takes less time than to look it up. */
export function rememberLast(find: FindJob): FindJob {
  let last: { readonly numbers: Parameters<FindJob>[0]; readonly job: Job | null } | null = null;
  return (numbers) => {
    if (last === null || !isSameJob(last.numbers, numbers)) last = { numbers, job: find(numbers) };
    return last.job;
  };
}

/**
 * Gitea stores whole seconds, and marks a job as started before the runner has it. Two more seconds allow for small
 * clock differences.
 */
export const jobSlackMs = 3_000;

/** When a job ran; milliseconds. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly job: Job;
}

/** Builds the index. If an attempt occurs twice, the finished record wins, then the one from the API. */
export function indexJobs(jobs: Iterable<Job>): JobIndex {
  const byKey = new Map<string, Job>();
  for (const job of jobs) {
    const key = jobKey(job);
    const known = byKey.get(key);
    if (known === undefined || rank(job) > rank(known)) byKey.set(key, job);
  }
  // By rule, not by object id: a later policy may describe the same identity otherwise.
  const spansOf = new Map<IdentityRule, Spans>();
  let repositories: JobsByRepository | null = null;
  return {
    size: byKey.size,
    find: rememberLast((numbers) => byKey.get(jobKey(numbers)) ?? null),
    running(identity, at, slackMs) {
      let spans = spansOf.get(identity);
      if (spans === undefined) {
        repositories ??= groupByRepository(byKey.values());
        spans = createSpans(servedJobs(identity, byKey.values(), repositories));
        spansOf.set(identity, spans);
      }
      return spans.around(at, slackMs);
    },
  };
}

/**
 * Whether the policy allows jobs of this repository to run with the identity. Without a list of repositories, its
 * runners' labels decide.
 */
export function mayServe(identity: IdentityRule, job: Job): boolean {
  if (identity.repositories.length > 0) return servesRepository(identity, job.repository);
  return identity.runnerLabels.length === 0 || job.labels.some((label) => identity.runnerLabels.includes(label));
}

/** By their repositories' names in lower case. */
type JobsByRepository = ReadonlyMap<string, readonly Job[]>;

function groupByRepository(jobs: Iterable<Job>): JobsByRepository {
  const groups = new Map<string, Job[]>();
  for (const job of jobs) {
    const name = lowerCase(job.repository);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [job]);
    else group.push(job);
  }
  return groups;
}

/** The jobs of which `mayServe` is true. */
function servedJobs(identity: IdentityRule, jobs: Iterable<Job>, repositories: JobsByRepository): readonly Job[] {
  if (identity.repositories.length === 0) return [...jobs].filter((job) => mayServe(identity, job));
  return [...namesServedBy(identity)].flatMap((name) => repositories.get(name) ?? []);
}

const lowerCase = memoize((name) => name.toLowerCase());
const served = new WeakMap<IdentityRule, ReadonlySet<string>>();

function namesServedBy(identity: IdentityRule): ReadonlySet<string> {
  let names = served.get(identity);
  if (names === undefined) {
    names = new Set(identity.repositories.map(lowerCase));
    served.set(identity, names);
  }
  return names;
}

/** Whether a repository is on the identity's list; names are compared ignoring case, as in Gitea. */
export function servesRepository(identity: IdentityRule, repository: string): boolean {
  if (lastServed?.identity !== identity || lastServed.repository !== repository) {
    const serves = namesServedBy(identity).has(lowerCase(repository));
    lastServed = { identity, repository, serves };
  }
  return lastServed.serves;
}

/** Neighbouring rows are often of one job. */
let lastServed: { readonly identity: IdentityRule; readonly repository: string; readonly serves: boolean } | null =
  null;

/**
 * Whether the job was running at `at` (milliseconds), with `slackMs` added on each side. `unknown`: it may have been, and
 * Gitea has not stated its times, because the attempt was last seen before it started or a re-run took its place, or has
 * stated an end before the start.
 */
export function wasRunning(job: Job, at: number, slackMs: number): 'yes' | 'no' | 'unknown' {
  const { startedAt, endedBetween, status } = job;
  if (startedAt === null && endedBetween === undefined) {
    // Ended without a start: it was skipped, or cancelled while it waited.
    return status !== 'completed' && at >= Date.parse(job.createdAt) - slackMs ? 'unknown' : 'no';
  }
  const span = spanOf(job);
  // Gitea's clock was set back while the job ran: it may have been running at any time between the two.
  if (span !== null && span.to < span.from)
    return at >= span.to - slackMs && at <= span.from + slackMs ? 'unknown' : 'no';
  if (span === null || at < span.from - slackMs || at > span.to + slackMs) return 'no';
  const isSure = endedBetween === undefined || (startedAt !== null && at <= Date.parse(endedBetween.after));
  return isSure ? 'yes' : 'unknown';
}

interface Spans {
  around(at: number, slackMs: number): readonly Job[];
}

/**
 * Sorted by start, each with the latest end so far, so that the backward search stops once no earlier span can reach
 * the moment.
 */
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
      let found: readonly Job[] = none;
      for (let index = lastStarted(sorted, at + slackMs); index >= 0; index -= 1) {
        if ((latestEnd[index] ?? 0) < at - slackMs) break;
        const span = sorted[index];
        // Mostly there is one, and a list that grows takes more memory.
        if (span !== undefined && span.to >= at - slackMs) found = found === none ? [span.job] : [...found, span.job];
      }
      return found.length < 2 ? found : found.toSorted((a, b) => (jobKey(a) < jobKey(b) ? -1 : 1));
    },
  };
}

const none: readonly Job[] = [];

/** Position of the last span that starts at or before `at`; -1 if there is none. */
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

/** Neighbouring rows are often of one job. */
let lastSpan: Span | null = null;

/**
 * A job that has not ended is still running; a job that never started ran at no time. An attempt whose place a re-run took
 * unseen may have run at any time before.
 */
export function spanOf(job: Job): Span | null {
  if (lastSpan?.job === job) return lastSpan;
  const startedAt = job.startedAt ?? job.endedBetween?.after ?? null;
  if (startedAt === null) return null;
  const to = job.completedAt === null ? Number.POSITIVE_INFINITY : instantOf(job.completedAt);
  lastSpan = { from: instantOf(startedAt), to, job };
  return lastSpan;
}

/** A total order of records of one attempt, so that the order of the input has no influence. */
function rank(job: Job): string {
  return `${job.completedAt ?? ''}|${job.known === 'api' ? 'b' : 'a'}|${job.startedAt ?? ''}|${JSON.stringify(job)}`;
}
