import { judgeTotals } from '../../criteria/evidence-criteria.ts';
import { counted } from '../finding-tally.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Slices with fewer rows than the store counted by a query of its own: rows were lost on the way. */
export const rowsBelowTotal = createVerdictRule({
  rule: 'rows-below-total',
  severity: 'medium',
  judge: (_context, end) => judgeTotals(end),
  each: 'subject',
  subjectOf: () => 'collected rows',
  describe: ({ event, why }, { count }) =>
    `${counted(count, 'slice')} came with fewer rows than the store counted, first ${event}: ${why}.`,
});
