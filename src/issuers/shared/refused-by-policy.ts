import type { SecretBinding } from '../../secrets/policy.ts';
import { ServiceError } from '../../service-error.ts';

/**
 * Sets a value at a provider. If the provider's code says that its rules refuse the value, throws a dedicated error:
 * the rotation then confirms that the value is not set, and proposes another one instead of repeating the same.
 * `words`: the suffix of the reason of `PROVIDER_REQUEST_REFUSED` in that case.
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
