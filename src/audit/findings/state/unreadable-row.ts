import type { FindingRuleFactory } from '../finding-rule.ts';
import { counted, createFindingTally } from '../finding-tally.ts';

/** Rows of the log that could not be parsed: they are counted and named, but not part of any other number. */
export const unreadableRow: FindingRuleFactory = ({ period }) => ({
  findings({ unreadable }) {
    const tally = createFindingTally('unreadable-row');
    for (const { place, reason } of unreadable) {
      tally.add({
        subject: reason,
        severity: 'medium',
        at: period.from.toISOString(),
        evidence: place,
        description: ({ count }) => `${counted(count, 'row')} of the audit log could not be parsed: ${reason}.`,
      });
    }
    return tally.findings();
  },
});
