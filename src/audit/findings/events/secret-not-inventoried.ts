import { isStaging } from '../../period/population.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { subjectOf } from '../../model/retrieval-names.ts';
import { createFindingTally } from '../finding-tally.ts';

/** Secrets that were read and that no inventory lists, up to the first one after the read: they were left out, or are gone. */
export const secretNotInventoried: FindingRuleFactory = ({ secrets }) => {
  const tally = createFindingTally('secret-not-inventoried');
  return {
    see(retrieval, attribution) {
      // Staging secrets live for minutes, and inventories leave them out.
      if (attribution === null || isStaging(retrieval)) return;
      const subject = subjectOf(retrieval);
      const isListed = secrets.isListed(subject, retrieval.at);
      if (isListed === undefined) return;
      if (isListed) return 'kept';
      tally.add({
        subject,
        severity: 'medium',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${subject} was read ${String(count)} ${count === 1 ? 'time' : 'times'}, but no inventory lists it.`,
      });
      return 'broken';
    },
    ...tally.observer,
  };
};
