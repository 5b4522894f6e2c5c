import { judgeJob } from '../../criteria/evidence-criteria.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Jobs that Gitea itself did not tell of, or whose end it never stated. */
export const jobUnconfirmed: FindingRuleFactory = () => {
  const tally = createFindingTally('job-unconfirmed');
  return {
    job(job) {
      const verdict = judgeJob(job);
      if (verdict.says !== 'broken') return;
      const { event, at, why } = verdict;
      tally.add({
        subject: job.repository,
        key: why,
        severity: 'low',
        at,
        evidence: event,
        description: ({ count }) =>
          `${counted(count, 'job')} of ${job.repository}: ${why}. Reads that are tied to it have at best the grade corroborated.`,
      });
    },
    findings: () => tally.findings(),
  };
};
