import { judgeOldValues } from '../../criteria/rotation-criteria.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Replaced credentials of which nothing shows that they are dead. */
export const oldValueAlive = createVerdictRule({
  rule: 'old-value-alive',
  severity: 'medium',
  judge: judgeOldValues,
  each: 'event',
  describe: ({ event, subject, why }) => `The old value of ${subject}, which the rotation ${event} replaced: ${why}.`,
});
