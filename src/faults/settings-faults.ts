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
  POLICY_MISSING: fault<{ because: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'settings',
    says: 'No policy is configured, but there was one: nothing would rotate, so this is not taken for observing. Set KEYTURN_POLICY again. To stop rotating on purpose, name a policy that binds nothing.',
  }),
  USAGE_WRONG: fault<{ command: string | null; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'command-line',
    says: 'Invalid command line. Add --help to see an example.',
  }),
  FOLDER_IN_USE: fault<{ folder: string; process: number }>({
    retry: 'never',
    effect: 'none',
    layer: 'command-line',
    says: 'Another process uses this folder, so it was left alone. End that process, or name another folder with --data.',
  }),
  PORT_TAKEN: fault<{ port: number; option: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'command-line',
    says: 'Could not take this port. EADDRINUSE means that another program uses it; choose another one with the option named.',
  }),
} as const;
