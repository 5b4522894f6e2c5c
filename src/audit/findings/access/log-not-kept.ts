import { judgeLogTables } from '../../criteria/setup-criteria.ts';
import { counted } from '../finding-tally.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Tables of the log whose rows cannot be searched, or are gone before the period is reported. */
export const logNotKept = createVerdictRule({
  rule: 'log-not-kept',
  severity: 'medium',
  judge: ({ period }, end) => judgeLogTables(end, period),
  each: 'state',
  describe: ({ subject, why }, { count }) =>
    `The table ${subject} of the log is not kept as a report needs it, as ${counted(count, 'look')} showed: ${why}.`,
});
