import type { SecretBinding } from '../../src/secrets/policy.ts';

/** A binding of the policy for one issuer and target. */
export function bindingOf(issuer: string, target: SecretBinding['target'], name = 'ci-secret'): SecretBinding {
  return {
    vault: 'kv-test',
    name,
    issuer,
    target,
    validityMs: 90 * 86_400_000,
    graceMs: 86_400_000,
    consumersLifetimeMs: 3_600_000,
    minimumAgeMs: 3_600_000,
    rotationsPerDay: 4,
    environment: 'test',
    namespaces: [],
    approval: [],
    group: null,
    alsoPublish: [],
    mode: 'automatic',
    first: 'automatic',
    windows: [],
    checkMs: 21_600_000,
  };
}
