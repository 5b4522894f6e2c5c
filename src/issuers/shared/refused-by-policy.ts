import type { SecretBinding } from '../../secrets/policy.ts';
import { ServiceError } from '../../service-error.ts';

/**
 * Sets a value at a provider. Where the provider's own code says that it takes no such value, the failure says so too: the
 * rotation then shows that the value is not set, and proposes another one instead of asking with the same again.
 * `words`: what the reason of `PROVIDER_REQUEST_REFUSED` ends with in that case.
 * @throws ServiceError `CREDENTIAL_REFUSED_BY_PROVIDER_POLICY`, or what `set` throws.
 */
export async function withPolicyNamed<Result>(
  { issuer, vault, name }: Pick<SecretBinding, 'issuer' | 'vault' | 'name'>,
  words: readonly string[],
  set: () => Promise<Result>,
): Promise<Result> {
  try {
    return await set();
  } catch (error) {
    const refused = ServiceError.is(error, 'PROVIDER_REQUEST_REFUSED') ? error.details.reason : null;
    if (refused === null || !words.some((word) => refused.endsWith(word))) throw error;
    throw new ServiceError('CREDENTIAL_REFUSED_BY_PROVIDER_POLICY', { issuer, secret: `${vault}/${name}` });
  }
}
