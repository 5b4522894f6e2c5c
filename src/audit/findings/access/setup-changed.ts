import { judgeSetupChanges } from '../../criteria/setup-criteria.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Changes of how a vault is set up. */
export const setupChanged = createVerdictRule({
  rule: 'setup-changed',
  severity: 'medium',
  judge: (_context, end) => judgeSetupChanges(end),
  each: 'event',
  describe: ({ subject, at, why }) => `The setup of ${subject} changed before the look of ${at}: ${why}.`,
});
