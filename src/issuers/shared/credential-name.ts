import type { SecretBinding } from '../../secrets/policy.ts';

const pattern = /^keyturn\.(?<secret>[0-9a-z-]{1,127})\.(?<rotationId>[a-z2-7]{16}\.[1-9]\d{0,5})$/;

/**
 * `keyturn.<secret>.<rotationId>.<attempt>`: the name of a Keyturn credential at its provider, so that Keyturn finds it
 * after a crash and never mistakes another for its own.
 */
export function credentialName(binding: SecretBinding, rotationId: string): string {
  return `keyturn.${binding.name.toLowerCase()}.${rotationId}`;
}

/** The rotation that made the credential of this name for this secret; `null` if it is not Keyturn's. */
export function parseCredentialName(name: string, binding: SecretBinding): string | null {
  const parts = pattern.exec(name)?.groups;
  if (parts === undefined || parts['secret'] !== binding.name.toLowerCase()) return null;
  return parts['rotationId'] ?? null;
}
