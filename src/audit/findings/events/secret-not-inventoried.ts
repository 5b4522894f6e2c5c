import { isStaging } from '../../period/population.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { subjectOf } from '../../model/retrieval-names.ts';
import { createFindingTally } from '../finding-tally.ts';

/**
 * Secrets that were read or set and that no inventory lists, up to the first one after the event: they were left out, or
 * were deleted before the next one was taken. The log tells of the latter what no snapshot can.
 */
export const secretNotInventoried: FindingRuleFactory = ({ secrets }) => {
  const tally = createFindingTally('secret-not-inventoried');
  return {
    see(retrieval, attribution) {
      const { kind, operation, at, id } = retrieval;
      const isSet = kind === 'write' && operation === 'SecretSet';
      // Staging secrets live for minutes, and inventories leave them out.
      if ((attribution === null && !isSet) || isStaging(retrieval)) return;
      const subject = subjectOf(retrieval);
      const isListed = secrets.isListed(subject, at);
      if (isListed === undefined) return;
      if (isListed) return 'kept';
      tally.add({
        subject,
        key: isSet ? 'set' : 'read',
        severity: 'medium',
        at,
        evidence: id,
        description: ({ count }) =>
          `${subject} was ${isSet ? 'set' : 'read'} ${String(count)} ${count === 1 ? 'time' : 'times'}, but no inventory lists it.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
