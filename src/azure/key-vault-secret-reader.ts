import type { GetSecretOptions, KeyVaultSecret } from '@azure/keyvault-secrets';
import type { ReadSecret, SecretReader } from '../broker/ports/secret-reader.ts';
import type { SecretReference } from '../secrets/secret-reference.ts';
import { SecretValue } from '../secrets/secret-value.ts';
import { ServiceError } from '../service-error.ts';
import { type VaultAccess, vaultClient } from './vault-client.ts';
import { isAbsence, readFailure } from './vault-failure.ts';

/**
 * Reads single secrets of one vault over Azure's client, each once: a repeated read would be a second row in the vault's log
 * for one entry of the journal, so the job asks again.
 */
export function keyVaultSecretReader(access: VaultAccess): SecretReader {
  const { client, serverTime } = vaultClient(access);
  return {
    async read({ vault, name, version }, { userAgent, answered }) {
      let requestId: string | null = null;
      const options: GetSecretOptions = {
        ...(version === null ? {} : { version }),
        // The SDK keeps a User-Agent that is set already; the row of the vault's log shows it.
        requestOptions: { headers: { 'User-Agent': userAgent } },
        onResponse: ({ headers }) => {
          requestId = headers.get('x-ms-request-id')?.toLowerCase() ?? null;
          if (requestId !== null) answered(requestId);
        },
      };
      try {
        const secret = await client.getSecret(name, options);
        return toRead(secret, { vault, name, version }, { requestId, at: serverTime() });
      } catch (error) {
        if (isAbsence(error))
          throw new ServiceError('SECRET_MISSING', { vault, secret: name, version }, { cause: error });
        throw readFailure(error, { vault, secret: name, version });
      }
    },
  };
}

function toRead(
  { value, properties }: KeyVaultSecret,
  { vault }: SecretReference,
  { requestId, at }: { readonly requestId: string | null; readonly at: Date | null },
): ReadSecret {
  const { version, notBefore, expiresOn } = properties;
  if (value === undefined || version === undefined || requestId === null || at === null) {
    throw new ServiceError('VAULT_UNREACHABLE', {
      vault,
      reason: 'the answer has no value, version, request id or Date',
    });
  }
  return {
    value: new SecretValue(value),
    version,
    validFrom: notBefore ?? null,
    expires: expiresOn ?? null,
    requestId,
    at,
  };
}
