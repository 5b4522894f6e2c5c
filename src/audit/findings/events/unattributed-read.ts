import { attributionReasons } from '../../model/attribution-reasons.ts';
import { callerName } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Reads that cannot be tied to a job, one finding per caller and reason. */
export const unattributedRead: FindingRuleFactory = ({ policyAt }) => {
  const tally = createFindingTally('unattributed-read');
  return {
    see(retrieval, attribution) {
      // An identity outside the policy is a finding of its own.
      if (attribution?.grade !== 'unattributed' || attribution.reason === 'identity-not-in-policy') return;
      const subject = callerOf(retrieval);
      const caller = callerName(retrieval, policyAt(retrieval.at));
      const why = attributionReasons[attribution.reason] ?? attribution.reason;
      // Its grade is another one: it is shown here without its client text, so that a false stamp hides no finding.
      const namesOne = attribution.unaided !== undefined;
      tally.add({
        subject,
        key: namesOne ? `${attribution.reason} named` : attribution.reason,
        severity: 'medium',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${namesOne ? 'Apart from the job that its client text names, ' : ''}${counted(count, 'read')} by ${caller} could not be tied to a job: ${why}.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
