import { judgeDeletion } from '../../criteria/setup-criteria.ts';
import { counted } from '../finding-tally.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Vaults in which a secret can be deleted for good. */
export const deletionIrrecoverable = createVerdictRule({
  rule: 'deletion-irrecoverable',
  severity: 'medium',
  judge: (_context, end) => judgeDeletion(end),
  each: 'state',
  describe: ({ subject, why }, { count }) =>
    `In ${subject} a secret could be deleted for good, as ${counted(count, 'look')} showed: ${why}.`,
});
