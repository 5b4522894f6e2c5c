import { ServiceError } from '../../service-error.ts';

/**
 * Returns access tokens for a scope such as `https://graph.microsoft.com/.default`. The credentials of
 * `@azure/identity` do.
 */
export interface AccessTokens {
  getToken(scope: string, options?: { readonly abortSignal?: AbortSignal }): Promise<{ readonly token: string } | null>;
}

/** The `authorization` header for a scope. @throws ServiceError `PROVIDER_ACCESS_DENIED` if no token is available. */
export async function bearerHeader(
  tokens: AccessTokens,
  scope: string,
  asked: { readonly issuer: string; readonly provider: string; readonly signal: AbortSignal },
): Promise<{ readonly authorization: string }> {
  const { issuer, provider, signal } = asked;
  let token: { readonly token: string } | null;
  try {
    token = await tokens.getToken(scope, { abortSignal: signal });
  } catch {
    // The identity library's message may quote what was sent.
    token = null;
  }
  if (token === null) throw new ServiceError('PROVIDER_ACCESS_DENIED', { issuer, provider, reason: 'no access token' });
  return { authorization: `Bearer ${token.token}` };
}
