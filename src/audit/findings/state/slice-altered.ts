import { judgeSlices } from '../../criteria/evidence-criteria.ts';
import { counted } from '../finding-tally.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Slices whose rows are not those that were collected: somebody altered the evidence. */
export const sliceAltered = createVerdictRule({
  rule: 'slice-altered',
  severity: 'high',
  judge: (_context, end) => judgeSlices(end),
  each: 'subject',
  subjectOf: () => 'collected rows',
  describe: ({ event }, { count }) =>
    `The rows of ${counted(count, 'slice')} changed after they were collected, first those of ${event}.`,
});
