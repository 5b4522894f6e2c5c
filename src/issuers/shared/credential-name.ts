import type { SecretBinding } from '../../secrets/policy.ts';

const pattern = /^keyturn\.(?<secret>[0-9a-z-]{1,127})\.(?<rotationId>[a-z2-7]{16}\.[1-9]\d{0,5})$/;

/**
 * `keyturn.<secret>.<rotationId>.<attempt>`: how a credential of ours is called at its provider,
 * so that it is found again after a crash and no other is taken for ours.
 */
export function credentialName(binding: SecretBinding, rotationId: string): string {
  return `keyturn.${binding.name.toLowerCase()}.${rotationId}`;
}

/** The rotation that made the credential of this name for this secret, or `null`: it is somebody else's. */
export function parseCredentialName(name: string, binding: SecretBinding): string | null {
  const parts = pattern.exec(name)?.groups;
  if (parts === undefined || parts['secret'] !== binding.name.toLowerCase()) return null;
  return parts['rotationId'] ?? null;
}
