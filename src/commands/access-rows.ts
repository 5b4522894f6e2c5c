import type { CommandRow } from '../command-line/command-row.ts';
import { planForms } from '../composition/describe-plan.ts';

export const accessRow = {
  name: 'access',
  summary: 'compares who may read with the policy, and plans the smallest grants',
  about:
    'drift looks at the role assignments and access policies of the vaults, now, and prints where they differ from the policy. plan prints the smallest grants that the policy and the reads of the last 90 days need: what to create, then what to end. It changes nothing. Both need the role Reader on the subscription. drift ends with 1 if there is a difference; plan with 1 if a read would end or something is left to do by hand.',
  arguments: [{ name: 'WHAT', says: 'drift or plan', required: true, choices: ['drift', 'plan'] }],
  options: {
    to: { value: 'FORM', says: 'for plan: as az commands, Bicep or Terraform', choices: planForms },
    json: { says: 'print JSON' },
  },
  usages: ['drift [--json]', 'plan --to az|bicep|terraform [--json]'],
  examples: ['keyturn access drift', 'keyturn access plan --to az'],
} as const satisfies CommandRow;
