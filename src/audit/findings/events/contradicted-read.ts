import { attributionReasons } from '../../model/attribution-reasons.ts';
import { callerName } from '../finding-caller.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Reads whose evidence contradicts itself: part of it is forged. */
export const contradictedRead: FindingRuleFactory = ({ policyAt }) => {
  const tally = createFindingTally('contradicted-read');
  return {
    see(retrieval, attribution) {
      if (attribution === null) return;
      if (attribution.grade !== 'contradicted' && attribution.reason !== 'stamp-by-person') return;
      const subject = subjectOf(retrieval);
      const why = attributionReasons[attribution.reason] ?? attribution.reason;
      const caller = callerName(retrieval, policyAt(retrieval.at));
      tally.add({
        subject,
        key: `${attribution.reason} ${callerOf(retrieval)}`,
        severity: 'high',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `The evidence of ${counted(count, 'read')} of ${subject} by ${caller} contradicts itself: ${why}.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
