import { attributionReasons } from '../../model/attribution-reasons.ts';
import { callerName } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Reads that name a job which nothing confirms, one finding per caller and reason. */
export const claimedRead: FindingRuleFactory = ({ policyAt }) => {
  const tally = createFindingTally('claimed-read');
  return {
    see(retrieval, attribution) {
      if (attribution?.grade !== 'claimed') return;
      const { reason } = attribution;
      const caller = callerName(retrieval, policyAt(retrieval.at));
      const why = attributionReasons[reason] ?? reason;
      tally.add({
        subject: callerOf(retrieval),
        key: reason,
        severity: 'medium',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${counted(count, 'read')} by ${caller} ${count === 1 ? 'names' : 'name'} a job that nothing confirms: ${why}.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
