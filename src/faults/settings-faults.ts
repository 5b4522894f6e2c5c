import { fault } from './fault.ts';

/** What can go wrong with what an operator wrote. */
export const settingsFaults = {
  SETTINGS_MALFORMED: fault<{ faults: readonly string[] }>({
    retry: 'never',
    effect: 'none',
    layer: 'settings',
    says: 'The settings are invalid. Correct each fault named; docs/settings.md explains them.',
  }),
  POLICY_MALFORMED: fault<{ file: string; faults: readonly string[] }>({
    retry: 'never',
    effect: 'none',
    layer: 'policy',
    says: 'The policy is invalid. Correct each fault at the place named.',
  }),
  USAGE_WRONG: fault<{ command: string | null; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'command-line',
    says: 'Invalid command line. Add --help to see an example.',
  }),
} as const;
