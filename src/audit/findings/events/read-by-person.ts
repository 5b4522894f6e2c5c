import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Reads by people: rotation cannot revoke what a person remembers. */
export const readByPerson: FindingRuleFactory = () => {
  const tally = createFindingTally('read-by-person');
  return {
    see(retrieval, attribution) {
      if (attribution === null) return;
      if (attribution.grade !== 'person') return 'kept';
      const subject = subjectOf(retrieval);
      const person = callerOf(retrieval);
      tally.add({
        subject,
        key: person,
        severity: 'medium',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) => `${person} read ${subject} ${counted(count, 'time')} with personal credentials.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
