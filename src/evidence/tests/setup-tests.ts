import { judgeDeletion, judgeLogTables, judgeSetupChanges, judgeShields } from '../../audit/criteria/setup-criteria.ts';
import type { ControlTestFactory } from './control-test.ts';
import { verdictTest } from './verdict-test.ts';

/** Tests over the looks at how the vaults and the log are set up. */
export const setupTests: Readonly<Record<string, ControlTestFactory>> = {
  'setup-unchanged': verdictTest((_material, audited) => judgeSetupChanges(audited)),
  'vaults-shielded': verdictTest((_material, audited) => judgeShields(audited)),
  'deletion-recoverable': verdictTest((_material, audited) => judgeDeletion(audited)),
  'log-kept': verdictTest((_material, audited) => judgeLogTables(audited, audited.period)),
};
