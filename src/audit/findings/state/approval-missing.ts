import { judgeApprovals } from '../../criteria/rotation-criteria.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Steps that the policy puts under approval and that were taken although nobody approved. */
export const approvalMissing = createVerdictRule({
  rule: 'approval-missing',
  severity: 'high',
  judge: judgeApprovals,
  each: 'event',
  describe: ({ event, subject, why }) =>
    `In the rotation ${event.split(' ')[0] ?? event} of ${subject} a step under approval was taken: ${why}.`,
});
