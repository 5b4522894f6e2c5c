import type { Namespace, SecretBinding } from '../../secrets/policy.ts';
import type { Job } from '../job.ts';
import { jobName } from '../job-name.ts';
import type { FindingRuleFactory } from './finding-rule.ts';
import { subjectOf } from './finding-rule.ts';
import { counted, createFindingTally } from './finding-tally.ts';

/** Reads by jobs of repositories, branches, events or forks that the policy does not let read this secret. */
export const readOutsideNamespace: FindingRuleFactory = ({ policy }) => {
  const tally = createFindingTally('read-outside-namespace');
  return {
    see(retrieval, attribution) {
      const subject = subjectOf(retrieval);
      const binding = policy.secrets.get(subject);
      const job = attribution?.job ?? null;
      if (binding === undefined || job === null || binding.namespaces.length === 0) return;
      const namespaces = binding.namespaces.flatMap((name) => policy.namespaces.get(name) ?? []);
      if (namespaces.some((namespace) => isInside(job, namespace, binding))) return;
      tally.add({
        subject,
        key: job.repository,
        severity: 'high',
        at: retrieval.at,
        evidence: `${retrieval.id} ${jobName(job)}`,
        says: ({ count }) =>
          `${job.repository} read ${subject} ${counted(count, 'time')}, which the policy allows to ${binding.namespaces.join(', ')} alone.`,
      });
    },
    findings: () => tally.findings(),
  };
};

/** Every list that is given must hold its part; an empty one forbids nothing. */
function isInside(job: Job, namespace: Namespace, { environment }: SecretBinding): boolean {
  const { repositories, branches, events, environments, forks } = namespace;
  const repository = job.repository.toLowerCase();
  if (job.fork && !forks) return false;
  if (repositories.length > 0 && !repositories.some((one) => one.toLowerCase() === repository)) return false;
  if (branches.length > 0 && !branches.some((branch) => matches(job.branch ?? '', branch))) return false;
  if (events.length > 0 && !events.includes(job.event)) return false;
  return environments.length === 0 || environment === null || environments.includes(environment);
}

/** A `*` at the end stands for any rest: `release/*`. */
function matches(branch: string, pattern: string): boolean {
  return pattern.endsWith('*') ? branch.startsWith(pattern.slice(0, -1)) : branch === pattern;
}
