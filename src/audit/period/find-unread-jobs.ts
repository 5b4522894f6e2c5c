import type { JobsNotRead } from '../collection/job-collection.ts';
import type { NotRead, ReportingPeriod } from '../model/audited-period.ts';

/**
 * What Gitea did not give of the jobs of a period. What the token may not read stays unread whatever is waited for, so it
 * limits the scope of the report; the rest may still come.
 */
export function findUnreadJobs({ from, to }: ReportingPeriod, notRead: readonly JobsNotRead[]): readonly NotRead[] {
  return notRead.flatMap(({ name, why, lasting, since }): NotRead[] => {
    const start = Math.max(Date.parse(since), from.getTime());
    if (start >= to.getTime()) return [];
    return [
      {
        what: `Gitea jobs: ${name}`,
        from: new Date(start).toISOString(),
        to: to.toISOString(),
        why,
        state: lasting ? 'irrecoverable' : 'not-read-yet',
      },
    ];
  });
}
