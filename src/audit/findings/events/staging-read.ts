import { passOver } from '../../attribution/attribute-retrievals.ts';
import { callerName, capitalised } from '../finding-caller.ts';
import { isStaging } from '../../period/population.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { callerOf, subjectOf } from '../../model/retrieval-names.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/**
 * Reads of a staging secret by anyone but the rotator, or with its identity and without a record of ours: the reader knows a
 * value before it is published.
 */
export const stagingRead: FindingRuleFactory = ({ policyAt, attribution: context }) => {
  const tally = createFindingTally('staging-read');
  return {
    see(retrieval, attribution) {
      if (!isStaging(retrieval) || retrieval.kind !== 'read') return;
      // The rotator's reads are not in the population, whoever made them.
      const isByRotator = attribution === null;
      if (isByRotator && passOver(retrieval, context) === 'explained') return 'kept';
      const subject = subjectOf(retrieval);
      tally.add({
        subject,
        key: isByRotator ? `${callerOf(retrieval)} unexplained` : callerOf(retrieval),
        severity: 'high',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${capitalised(callerName(retrieval, policyAt(retrieval.at)))} read the staging secret ${subject} ${counted(count, 'time')}${isByRotator ? ' without a journal entry' : '; only the rotator may'}.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
