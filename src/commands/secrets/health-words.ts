import type { Health } from '../../web/portal-ports.ts';

/** How a secret is, for people. */
export const healthWords = {
  overdue: 'overdue',
  'needs-attention': 'needs a person',
  'waits-for-a-person': 'waits for a word',
  disabled: 'disabled',
  'no-end': 'has no end',
  'due-soon': 'due soon',
  rotating: 'rotating',
  good: 'good',
} as const satisfies Record<Health, string>;
