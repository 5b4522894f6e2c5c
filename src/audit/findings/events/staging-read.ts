import { callerName, capitalised } from '../finding-caller.ts';
import { isStaging } from '../../period/population.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Reads of a staging secret by anyone but the rotator: the reader knows a value before it is published. */
export const stagingRead: FindingRuleFactory = ({ policyAt }) => {
  const tally = createFindingTally('staging-read');
  return {
    see(retrieval, attribution) {
      if (!isStaging(retrieval) || retrieval.kind !== 'read') return;
      // The rotator's own reads are not in the population.
      if (attribution === null) return 'kept';
      const subject = subjectOf(retrieval);
      tally.add({
        subject,
        key: callerOf(retrieval),
        severity: 'high',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${capitalised(callerName(retrieval, policyAt(retrieval.at)))} read the staging secret ${subject} ${counted(count, 'time')}; only the rotator may.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
