import type { AuditedPeriod } from '../model/audited-period.ts';
import type { Job } from '../model/job.ts';
import { jobName } from '../model/job-name.ts';
import type { Verdict } from './verdict.ts';

type Collected = Pick<AuditedPeriod, 'period' | 'slices' | 'policyChanges'>;

/** Each job: whether Gitea itself told of it and of its end. */
export function judgeJob(job: Job): Verdict {
  const event = jobName(job);
  const at = job.startedAt ?? job.createdAt;
  const broken = (why: string) =>
    ({ says: 'broken', rule: 'job-unconfirmed', event, at, subject: event, why }) as const;
  if (job.known === 'hook') return broken('it is known only from a webhook');
  if (job.endedBetween !== undefined) return broken('Gitea never stated how this attempt ended');
  return job.status === 'completed'
    ? { says: 'kept', subject: event, at }
    : { says: 'untested', why: 'that had not ended' };
}

/** Each slice that came with a control total: whether it has as many rows as the store counted. */
export function* judgeTotals({ slices, period }: Collected): Iterable<Verdict> {
  const at = period.from.toISOString();
  for (const { path, count, controlTotal } of slices) {
    const why = `${String(count)} rows where the store counted ${String(controlTotal)}`;
    if (controlTotal === null) yield { says: 'untested', why: 'of files, which have no independent total' };
    // Rows that arrive between the two queries make the answer the larger one.
    else if (count >= controlTotal) yield { says: 'kept', subject: path, at };
    else yield { says: 'broken', rule: 'rows-below-total', event: path, at, subject: path, why };
  }
}

/** Each slice: whether its rows are still those that were collected. */
export function* judgeSlices({ slices, period }: Collected): Iterable<Verdict> {
  const at = period.from.toISOString();
  const why = 'its rows changed after they were collected';
  for (const { path, isIntact } of slices) {
    if (isIntact) yield { says: 'kept', subject: path, at };
    else yield { says: 'broken', rule: 'slice-altered', event: path, at, subject: path, why };
  }
}

/** Each change of the policy: whether it allows more, or demands less, than the one before. */
export function* judgePolicyChanges({ policyChanges }: Collected): Iterable<Verdict> {
  const subject = 'policy';
  for (const { loadedAt: at, sha256, widens } of policyChanges) {
    if (widens.length === 0) yield { says: 'kept', subject, at };
    else yield { says: 'broken', rule: 'policy-widened', event: sha256, at, subject, why: widens.join('; ') };
  }
}
