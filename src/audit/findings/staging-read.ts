import { callerName, capitalised } from './finding-caller.ts';
import { isStaging } from '../period/population.ts';
import type { FindingRuleFactory } from './finding-rule.ts';
import { callerOf, subjectOf } from './finding-rule.ts';
import { counted, createFindingTally } from './finding-tally.ts';

/** Reads of a staging secret by anyone but the rotator: the reader knows a value before it is published. */
export const stagingRead: FindingRuleFactory = ({ policy }) => {
  const tally = createFindingTally('staging-read');
  return {
    see(retrieval, attribution) {
      if (attribution === null || !isStaging(retrieval)) return;
      const subject = subjectOf(retrieval);
      tally.add({
        subject,
        key: callerOf(retrieval),
        severity: 'high',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${capitalised(callerName(retrieval, policy))} read the staging secret ${subject} ${counted(count, 'time')}; only the rotator may.`,
      });
    },
    findings: () => tally.findings(),
  };
};
