import { callerName, capitalised } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Reads by the broker's identity that its journal does not have: another party may be using it. */
export const brokerUnexplained: FindingRuleFactory = ({ policyAt }) => {
  const tally = createFindingTally('broker-unexplained');
  return {
    see(retrieval, attribution) {
      if (attribution?.grade !== 'broker-unexplained') return;
      const subject = subjectOf(retrieval);
      tally.add({
        subject,
        key: callerOf(retrieval),
        severity: 'high',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${capitalised(callerName(retrieval, policyAt(retrieval.at)))} read ${subject} ${counted(count, 'time')} without an entry in the broker's journal.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
