import type { FindingRuleFactory } from '../finding-rule.ts';
import { subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Rows whose status and signature state different outcomes; the status is used. */
export const statusDisagrees: FindingRuleFactory = () => {
  const tally = createFindingTally('status-disagrees');
  return {
    see(retrieval) {
      if (retrieval.statusDisagrees !== true) return;
      const subject = subjectOf(retrieval);
      const { operation, status } = retrieval;
      tally.add({
        subject,
        key: `${operation} ${String(status)}`,
        severity: 'medium',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${counted(count, 'row')} of ${operation} on ${subject} with status ${String(status)}: the result signature states another outcome.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
