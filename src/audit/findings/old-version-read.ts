import { callerName } from './finding-caller.ts';
import type { FindingRuleFactory } from './finding-rule.ts';
import { callerOf, subjectOf } from './finding-rule.ts';
import { counted, createFindingTally } from './finding-tally.ts';

/** Reads of a version after its successor was published and the grace had passed: somebody still uses the old value. */
export const oldVersionRead: FindingRuleFactory = ({ rotations, policy }) => {
  const tally = createFindingTally('old-version-read');
  const endOf = new Map<string, number>();
  for (const { vault, secret, fromVersion, publishedAt } of rotations) {
    if (publishedAt === null) continue;
    const subject = `${vault}/${secret}`.toLowerCase();
    const grace = policy.secrets.get(subject)?.graceMs ?? 0;
    endOf.set(`${subject}@${fromVersion.toLowerCase()}`, Date.parse(publishedAt) + grace);
  }
  return {
    see(retrieval, attribution) {
      const { version, at } = retrieval;
      // Our own read of the old version, when a revocation is shown, is in the journal.
      if (attribution === null || attribution.grade === 'rotation' || version === null) return;
      const subject = subjectOf(retrieval);
      const end = endOf.get(`${subject}@${version}`);
      if (end === undefined || Date.parse(at) <= end) return;
      tally.add({
        subject,
        key: `${version} ${callerOf(retrieval)}`,
        severity: 'high',
        at,
        evidence: retrieval.id,
        says: ({ count }) =>
          `${counted(count, 'read')} of version ${version} of ${subject} by ${callerName(retrieval, policy)} after its grace had ended.`,
      });
    },
    findings: () => tally.findings(),
  };
};
