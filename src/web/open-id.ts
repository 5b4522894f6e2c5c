import { html } from 'hono/html';
import * as openid from 'openid-client';
import type { SecretValue } from '../secrets/secret-value.ts';
import { page } from './portal/page.ts';
import { type Sessions, readCookie, setCookieHeader } from './sessions.ts';
import type { Role } from './caller.ts';

/** Single sign-on for a self-hosted portal. */
export interface OpenId {
  /** Sends the browser to the identity provider. */
  begin(): Promise<Response>;
  /** Takes the browser back from it: a session for an account with a role, or `null` for anybody else. */
  finish(request: Request): Promise<Response | null>;
}

export interface OpenIdOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: () => Promise<SecretValue>;
  /** Where people reach the portal: the redirect address is `/sign-in/callback` below it. */
  readonly publicUrl: string;
  readonly roleNames: Readonly<Record<Role, string>>;
  readonly sessions: Sessions;
  readonly now: () => Date;
  /** Lets an issuer on loopback speak plain http, for tests. */
  readonly allowInsecureLoopback?: boolean;
}

const attemptMs = 10 * 60_000;
const mostAttempts = 1_000;

/** Ties a sign-in to the browser that began it, or another's could be finished in it. `Lax`: the provider sends it back here. */
const attemptCookie = 'keyturn-sign-in';

/** Authorization code with PKCE, state and nonce; attempts are kept in memory for ten minutes. */
export function createOpenId(options: OpenIdOptions): OpenId {
  const { publicUrl, roleNames, sessions, now } = options;
  const attempts = new Map<string, { verifier: string; nonce: string; endsAt: number }>();
  let configuration: Promise<openid.Configuration> | null = null;

  return {
    async begin() {
      const config = await configured();
      const [verifier, state, nonce] = [openid.randomPKCECodeVerifier(), openid.randomState(), openid.randomNonce()];
      forgetOld();
      attempts.set(state, { verifier, nonce, endsAt: now().getTime() + attemptMs });
      const address = openid.buildAuthorizationUrl(config, {
        redirect_uri: `${publicUrl}/sign-in/callback`,
        scope: 'openid profile',
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      });
      return new Response(null, {
        status: 303,
        headers: { location: address.href, 'set-cookie': attemptCookieHeader(state) },
      });
    },

    async finish(request) {
      const { search, searchParams } = new URL(request.url);
      const state = searchParams.get('state') ?? '';
      if (readCookie(request.headers.get('cookie'), attemptCookie) !== state) return null;
      const attempt = attempts.get(state);
      attempts.delete(state);
      if (attempt === undefined || attempt.endsAt <= now().getTime()) return null;
      const claims = await exchange(new URL(`${publicUrl}/sign-in/callback${search}`), state, attempt);
      const held: readonly unknown[] = Array.isArray(claims?.['roles']) ? claims['roles'] : [];
      const roles = (['auditor', 'operator'] as const).filter((role) => held.includes(roleNames[role]));
      if (claims === null || roles.length === 0) return null;
      const name = typeof claims['preferred_username'] === 'string' ? claims['preferred_username'] : claims.sub;
      const cookie = setCookieHeader(
        sessions.open({ person: { kind: 'signed-in', subject: { issuer: claims.iss, id: claims.sub }, name }, roles }),
        publicUrl.startsWith('https:'),
      );
      // A page and not a redirect: on the way back from the provider's site a browser would not send a `Strict` cookie along.
      const signedIn = await page(
        'Signed in',
        html`<h1>You are signed in</h1><p><a href="/">Go on to the reports</a></p>`,
      );
      signedIn.headers.set('set-cookie', cookie);
      signedIn.headers.set('refresh', '0; url=/');
      return signedIn;
    },
  };

  function attemptCookieHeader(state: string): string {
    const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
    return `${attemptCookie}=${state}; Path=/sign-in; HttpOnly; SameSite=Lax; Max-Age=${String(attemptMs / 1000)}${secure}`;
  }

  async function exchange(address: URL, state: string, attempt: { verifier: string; nonce: string }) {
    try {
      const tokens = await openid.authorizationCodeGrant(await configured(), address, {
        pkceCodeVerifier: attempt.verifier,
        expectedState: state,
        expectedNonce: attempt.nonce,
        idTokenExpected: true,
      });
      return tokens.claims() ?? null;
    } catch (error) {
      // What the provider or its token got wrong is for nobody; a provider that cannot be reached is a failure.
      if (error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError) return null;
      if (error instanceof openid.ClientError && isAnswered(error)) return null;
      throw error;
    }
  }

  /** Asks the issuer for its addresses once; a failure is asked again at the next sign-in. */
  function configured(): Promise<openid.Configuration> {
    configuration ??= discover(options).catch((error: unknown) => {
      configuration = null;
      throw error;
    });
    return configuration;
  }

  function forgetOld(): void {
    for (const [state, { endsAt }] of attempts) {
      if (endsAt <= now().getTime() || attempts.size >= mostAttempts) attempts.delete(state);
    }
  }
}

/** Without a code nothing was answered: the client then wraps what the network said. */
function isAnswered({ code }: openid.ClientError): boolean {
  return code !== undefined && code !== 'OAUTH_TIMEOUT' && code !== 'OAUTH_ABORT';
}

async function discover({ issuer, clientId, clientSecret, allowInsecureLoopback = false }: OpenIdOptions) {
  const address = new URL(issuer);
  const insecure = allowInsecureLoopback && address.hostname === '127.0.0.1';
  return await openid.discovery(address, clientId, (await clientSecret()).reveal(), undefined, {
    ...(insecure && { execute: [openid.allowInsecureRequests] }),
  });
}
