import { judgeAccess, judgeBrokerReads, judgeUses } from '../../audit/criteria/broker-criteria.ts';
import type { ControlTestFactory } from './control-test.ts';
import { verdictTest } from './verdict-test.ts';

/** Tests over what the broker did in the period. */
export const brokerTests: Readonly<Record<string, ControlTestFactory>> = {
  'broker-decides': verdictTest(judgeBrokerReads),
  'uses-as-stated': verdictTest(judgeUses),
  'access-approved': verdictTest(judgeAccess),
};
