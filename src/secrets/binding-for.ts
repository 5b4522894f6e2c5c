import type { Policy, SecretBinding, TrackedSecret } from './policy.ts';

/**
 * Finds a secret's binding in the policy, ignoring case. Returns `null` if the secret is not bound and so only
 * observed.
 */
export function bindingFor(policy: Policy, vault: string, name: string): SecretBinding | null {
  return policy.secrets.get(`${vault}/${name}`.toLowerCase()) ?? null;
}

/** What the policy says of a secret, whether an issuer replaces it or it is only tracked. `null` if it says nothing. */
export function policyEntryFor(policy: Policy, vault: string, name: string): SecretBinding | TrackedSecret | null {
  return bindingFor(policy, vault, name) ?? policy.tracked.get(`${vault}/${name}`.toLowerCase()) ?? null;
}
