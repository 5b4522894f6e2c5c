import type { FindingRule } from '../model/finding.ts';

/** Why a grant may be more than the policy opens, and the rule that tells of it. */
export const grantExcesses = {
  unlisted: { why: 'the policy does not list the identity', rule: 'grant-beyond-policy' },
  wholeVault: { why: 'a runner can read every secret of the vault', rule: 'grant-on-vault' },
  staging: { why: 'it reaches values that wait to be published', rule: 'staging-readable' },
  unopened: { why: 'the policy opens the secret to none of its repositories', rule: 'grant-beyond-policy' },
} as const satisfies Readonly<Record<string, { readonly why: string; readonly rule: FindingRule }>>;

export type GrantExcess = (typeof grantExcesses)[keyof typeof grantExcesses];
