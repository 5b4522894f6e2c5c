import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { ServiceError } from '../service-error.ts';

/**
 * Checks the Entra token that an Event Grid subscription sends to a self-hosted server, where the subscription is set up
 * to deliver with one. `audience` and `tenantId` come from the settings. `false` for a token of anybody else.
 * `keys` are the tenant's; given in tests, fetched from Entra otherwise. @throws ServiceError
 * `EVENT_TOKEN_UNCHECKED` when they could not be fetched: Event Grid gives an event up on 401, and tries again on 503.
 * Source: Event Grid, "Secure webhook delivery with Microsoft Entra ID"; the sender is the application
 * Microsoft.EventGrid.
 */
export function eventGridTokenCheck(
  { audience, tenantId }: { readonly audience: string; readonly tenantId: string },
  keys: JWTVerifyGetKey = createRemoteJWKSet(
    new URL(`https://login.microsoftonline.com/${tenantId}/discovery/v2.0/keys`),
  ),
): (token: string) => Promise<boolean> {
  const issuer = [`https://login.microsoftonline.com/${tenantId}/v2.0`, `https://sts.windows.net/${tenantId}/`];
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

/** What jose says of a token; anything else is said of the keys, and leaves the token unchecked. */
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

/** The application id of Microsoft.EventGrid, the same in every tenant of the public cloud. */
const eventGridApplication = '4962773b-9cdb-44cf-a8bf-237846a00ab7';
