import { callerName, capitalised } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Reads by Keyturn's own identities without a journal entry: another party may be using them. */
export const rotationUnexplained: FindingRuleFactory = ({ policyAt }) => {
  const tally = createFindingTally('rotation-unexplained');
  return {
    see(retrieval, attribution) {
      if (attribution?.grade !== 'rotation-unexplained') return;
      const subject = subjectOf(retrieval);
      tally.add({
        subject,
        key: callerOf(retrieval),
        severity: 'high',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${capitalised(callerName(retrieval, policyAt(retrieval.at)))} read ${subject} ${counted(count, 'time')} without a journal entry.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
