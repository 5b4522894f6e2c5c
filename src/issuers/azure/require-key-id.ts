import type { SecretBinding } from '../../secrets/policy.ts';
import { ServiceError } from '../../service-error.ts';

/** @throws ServiceError `ISSUER_TARGET_REFUSED` if an id is not a Graph key id. */
export function requireKeyId({ issuer, vault, name }: SecretBinding, credentialId: string): void {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(credentialId)) return;
  const details = { issuer, secret: `${vault}/${name}`, place: 'CredentialId', reason: 'is not a key id' };
  throw new ServiceError('ISSUER_TARGET_REFUSED', details);
}
