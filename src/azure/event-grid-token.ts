import { createRemoteJWKSet, type JWTVerifyGetKey, jwtVerify } from 'jose';

/**
 * Checks the Entra token that an Event Grid subscription sends to a self-hosted server, where the subscription is set up
 * to deliver with one. `audience` and `tenantId` come from the settings. `false` for a token of anybody else.
 * `keys` are the tenant's; given in tests, fetched from Entra otherwise. Rejects when they could not be fetched.
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
    } catch (error) {
      if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_J')) return false;
      throw error;
    }
  };
}

/** The application id of Microsoft.EventGrid, the same in every tenant of the public cloud. */
const eventGridApplication = '4962773b-9cdb-44cf-a8bf-237846a00ab7';
