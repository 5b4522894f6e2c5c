import { judgeAccess } from '../../criteria/broker-criteria.ts';
import { counted } from '../finding-tally.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Values that need the word of a person and that jobs got without the approval of a second one. */
export const accessNotApproved = createVerdictRule({
  rule: 'access-not-approved',
  severity: 'high',
  judge: judgeAccess,
  each: 'subject',
  describe: ({ subject, why }, { count }) =>
    `Jobs got ${subject}, which needs approval, ${counted(count, 'time')} without that of a second person: first ${why}.`,
});
