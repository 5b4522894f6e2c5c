import { providerCredentialIn } from '../secrets/made-by-provider.ts';
import type { SecretBinding } from '../secrets/policy.ts';
import { ServiceError } from '../service-error.ts';
import type { SecretVersion } from './ports/secret-store.ts';

/**
 * Says why a bound secret must not be rotated by its binding: the vault shows that its value is a certificate's, or a value that
 * only a provider makes while the binding would publish a random one. `null` when nothing shows that.
 */
export function madeElsewhere(
  { vault, name: secret, issuer, reviewed }: SecretBinding,
  version: Pick<SecretVersion, 'managed' | 'contentType'> | null,
): ServiceError | null {
  if (version?.managed === true) return new ServiceError('SECRET_OF_CERTIFICATE', { vault, secret });
  if (issuer !== 'generated' || reviewed === true) return null;
  const kind = providerCredentialIn(version?.contentType ?? '');
  return kind === null ? null : new ServiceError('SECRET_MADE_BY_PROVIDER', { vault, secret, kind });
}
