import { decideAccess } from '../../../secrets/decide-access.ts';
import { jobName } from '../../model/job-name.ts';
import type { Job } from '../../model/job.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Why a job counts as a fork's although Gitea did not say that it is. */
function describeUnknownOrigin({ fork, forkUnknownBecause = 'no reason is on record' }: Job): string {
  if (fork !== 'unknown') return '';
  return ` It is not known whether the job came from a fork (${forkUnknownBecause}), so it counts as one.`;
}

/** Reads by jobs of repositories, branches, events or forks that the policy does not allow to read this secret. */
export const readOutsideNamespace: FindingRuleFactory = ({ policyAt }) => {
  const tally = createFindingTally('read-outside-namespace');
  return {
    see(retrieval, attribution) {
      const subject = subjectOf(retrieval);
      const policy = policyAt(retrieval.at);
      const entry = policy.secrets.get(subject) ?? policy.tracked.get(subject);
      const job = attribution?.job ?? null;
      if (entry === undefined || job === null) return;
      const { kind } = decideAccess(policy, entry, job);
      if (kind === 'unlimited') return;
      if (kind === 'allowed') return 'kept';
      tally.add({
        subject,
        key: job.fork === 'unknown' ? `${job.repository} fork-unknown` : job.repository,
        severity: 'high',
        at: retrieval.at,
        evidence: `${retrieval.id} ${jobName(job)}`,
        description: ({ count }) =>
          `${job.repository} read ${subject} ${counted(count, 'time')}; the policy allows only ${entry.namespaces.join(', ')}.${describeUnknownOrigin(job)}`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
