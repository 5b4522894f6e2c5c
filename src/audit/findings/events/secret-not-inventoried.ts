import { isStaging } from '../../period/population.ts';
import type { FindingRuleFactory } from '../finding-rule.ts';
import { subjectOf } from '../../model/retrieval-names.ts';
import { createFindingTally } from '../finding-tally.ts';

/** Secrets that were read and that no inventory of the period lists: they were left out, or are gone. */
export const secretNotInventoried: FindingRuleFactory = ({ secrets }) => {
  const tally = createFindingTally('secret-not-inventoried');
  return {
    see(retrieval, attribution) {
      // Staging secrets live for minutes, and inventories leave them out.
      if (attribution === null || !secrets.isTaken || isStaging(retrieval)) return;
      const subject = subjectOf(retrieval);
      if (secrets.has(subject)) return 'kept';
      tally.add({
        subject,
        severity: 'medium',
        at: retrieval.at,
        evidence: retrieval.id,
        description: ({ count }) =>
          `${subject} was read ${String(count)} ${count === 1 ? 'time' : 'times'}, but no inventory of the period lists it.`,
      });
      return 'broken';
    },
    findings: () => tally.findings(),
  };
};
