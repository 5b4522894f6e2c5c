import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { type AzureCloud, tokenIssuers } from '../secrets/azure-cloud.ts';
import { ServiceError } from '../service-error.ts';

/**
 * Checks the Entra token that an Event Grid subscription sends to a self-hosted server, if the subscription is
 * configured to deliver with one. `audience` and `tenantId` come from the settings. Returns `false` for a token of any
 * other sender. `keys` are the tenant's; passed in tests, fetched from Entra otherwise. @throws ServiceError
 * `EVENT_TOKEN_UNCHECKED` if they could not be fetched: Event Grid abandons an event after 401 and retries after 503.
 * Source: Event Grid, "Secure webhook delivery with Microsoft Entra ID"; the sender is the application
 * Microsoft.EventGrid.
 */
export function eventGridTokenCheck(
  { audience, tenantId, cloud }: { readonly audience: string; readonly tenantId: string; readonly cloud: AzureCloud },
  keys: JWTVerifyGetKey = createRemoteJWKSet(new URL(`${cloud.authority}/${tenantId}/discovery/v2.0/keys`)),
): (token: string) => Promise<boolean> {
  const issuer = [...tokenIssuers(cloud, tenantId)];
  const { eventGridApplication } = cloud;
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, { audience, issuer, algorithms: ['RS256'] });
      return payload['appid'] === eventGridApplication || payload['azp'] === eventGridApplication;
    } catch (cause) {
      if (aboutTheToken.some((kind) => cause instanceof kind)) return false;
      throw new ServiceError('EVENT_TOKEN_UNCHECKED', { tenantId }, { cause });
    }
  };
}

/** jose's errors about a token; any other error is about the keys and leaves the token unchecked. */
const aboutTheToken = [
  errors.JWTInvalid,
  errors.JWTExpired,
  errors.JWTClaimValidationFailed,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JWKSNoMatchingKey,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
];
