import { judgeBrokerReads } from '../../criteria/broker-criteria.ts';
import { counted } from '../finding-tally.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Values that the broker read for a job to which the policy of that time does not open them. */
export const brokerReadOutsidePolicy = createVerdictRule({
  rule: 'broker-read-outside-policy',
  severity: 'high',
  judge: judgeBrokerReads,
  each: 'subject',
  describe: ({ subject, why }, { count }) =>
    `The broker read ${subject} ${counted(count, 'time')}, first where ${why}.`,
});
