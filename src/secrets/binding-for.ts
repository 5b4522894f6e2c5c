import type { Policy, SecretBinding } from './policy.ts';

/**
 * Finds a secret's binding in the policy, ignoring case. Returns `null` if the secret is not bound and so only
 * observed.
 */
export function bindingFor(policy: Policy, vault: string, name: string): SecretBinding | null {
  return policy.secrets.get(`${vault}/${name}`.toLowerCase()) ?? null;
}
