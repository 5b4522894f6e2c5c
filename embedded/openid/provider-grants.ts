import { createHash, randomBytes } from 'node:crypto';
import type { ProviderPerson } from './identity-provider.ts';

/** The meaning of one authorization code. */
export interface ProviderGrant {
  readonly person: ProviderPerson;
  /** The scopes of the consent, which may be older and narrower than what was asked for. */
  readonly scopes: readonly string[];
  readonly nonce: string | null;
  readonly redirectUri: string;
  readonly challenge: string;
}

/** Codes, access tokens and consents. Codes and their proofs count once. */
export function createProviderGrants() {
  const consents = new Map<string, readonly string[]>();
  const codes = new Map<string, ProviderGrant>();
  const accessTokens = new Map<string, ProviderGrant>();

  return {
    authorize(asked: Omit<ProviderGrant, 'scopes'> & { readonly scope: string }): string {
      const { scope, ...rest } = asked;
      const scopes = consents.get(rest.person.subject) ?? scope.split(' ');
      consents.set(rest.person.subject, scopes);
      const code = randomBytes(24).toString('base64url');
      codes.set(code, { ...rest, scopes });
      return code;
    },

    /** Returns `null` for a code that is unknown or used, or whose verifier or redirect address are not those it was asked with. */
    redeem(code: string, verifier: string, redirectUri: string): { grant: ProviderGrant; accessToken: string } | null {
      const grant = codes.get(code);
      codes.delete(code);
      const challenge = createHash('sha256').update(verifier).digest('base64url');
      if (grant?.challenge !== challenge || grant.redirectUri !== redirectUri) return null;
      const accessToken = randomBytes(24).toString('base64url');
      accessTokens.set(accessToken, grant);
      return { grant, accessToken };
    },

    find: (accessToken: string): ProviderGrant | null => accessTokens.get(accessToken) ?? null,
    revoke: (subject: string): void => void consents.delete(subject),
  };
}
