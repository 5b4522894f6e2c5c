import { judgeShields } from '../../criteria/setup-criteria.ts';
import { counted } from '../finding-tally.ts';
import { createVerdictRule } from '../verdict-rule.ts';

/** Vaults that answer requests from every address. */
export const vaultUnshielded = createVerdictRule({
  rule: 'vault-unshielded',
  severity: 'medium',
  judge: (_context, end) => judgeShields(end),
  each: 'state',
  describe: ({ subject }, { count }) =>
    `${subject} answered requests from every address, as ${counted(count, 'look')} showed: a stolen token works from anywhere.`,
});
