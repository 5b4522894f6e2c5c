import { fault } from './fault.ts';

/** What can go wrong with what an operator wrote. */
export const settingsFaults = {
  SETTINGS_MALFORMED: fault<{ faults: readonly string[] }>(
    'never',
    'The settings have faults. Correct each one named; docs/settings.md explains them.',
  ),
  POLICY_MALFORMED: fault<{ file: string; faults: readonly string[] }>(
    'never',
    'The policy has faults. Correct each one at the place named.',
  ),
  USAGE_WRONG: fault<{ command: string; reason: string }>(
    'never',
    'The command was called wrongly. Add --help to see an example.',
  ),
} as const;
