import { judgeUses } from '../../criteria/broker-criteria.ts';
import { counted } from '../finding-tally.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Requests that the broker made in the place of a job and that the policy of that time does not state. */
export const useOutsidePolicy = createVerdictRule({
  rule: 'use-outside-policy',
  severity: 'high',
  judge: judgeUses,
  each: 'subject',
  describe: ({ subject, why }, { count }) =>
    `The broker sent ${counted(count, 'request')} to ${subject} in the place of jobs, first where ${why}.`,
});
