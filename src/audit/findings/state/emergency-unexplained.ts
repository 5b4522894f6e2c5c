import { judgeEmergencies } from '../../criteria/rotation-criteria.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Emergency rotations without a reason, or that no proven person asked for. Break-glass has a rule of its own. */
export const emergencyUnexplained = createVerdictRule({
  rule: 'emergency-unexplained',
  severity: 'medium',
  judge: judgeEmergencies,
  each: 'event',
  describe: ({ event, subject, why }) => `The emergency rotation ${event} of ${subject} is not explained: ${why}.`,
});
