import type { Policy, SecretBinding } from './policy.ts';

/** What the policy says of one secret, whatever the case it is written in; `null` when it is not bound: it is observed only. */
export function bindingFor(policy: Policy, vault: string, name: string): SecretBinding | null {
  return policy.secrets.get(`${vault}/${name}`.toLowerCase()) ?? null;
}
