import { judgePolicyChanges } from '../../criteria/evidence-criteria.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Changes of the policy that allow more, or demand less, than the one before. */
export const policyWidened = createVerdictRule({
  rule: 'policy-widened',
  severity: 'medium',
  judge: (_context, end) => judgePolicyChanges(end),
  each: 'event',
  describe: ({ at, why }) => `The policy that was loaded on ${at} allows more than the one before: ${why}.`,
});
