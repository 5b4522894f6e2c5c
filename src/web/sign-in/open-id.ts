import { html } from 'hono/html';
import * as openid from 'openid-client';
import { z } from 'zod';
import type { Person } from '../../provenance/person.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import { ServiceError } from '../../service-error.ts';
import { isPrivateEnough } from '../../settings/address.ts';
import { readCookie } from './cookies.ts';
import { page } from '../portal/design/page.ts';
import { showRefusal } from '../portal/show-refusal.ts';
import { type RoleClaim, rolesIn } from './role-claim.ts';
import { type Sessions, setCookieHeader } from './sessions.ts';
import type { SpentTokens } from './spent-tokens.ts';
import { subjectOf } from './subject-of.ts';
import type { TokenSealer } from './token-sealer.ts';

/** Single sign-on for a self-hosted portal. */
export interface OpenId {
  /** Sends the browser to the identity provider, and after the sign-in to `path` of the portal. */
  begin(path: string): Promise<Response>;
  /** Handles the browser's return: a session for an account with a role, otherwise a page that says what to do. */
  finish(request: Request): Promise<Response>;
}

export interface OpenIdOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: () => Promise<SecretValue>;
  /** The portal's address; the redirect address is `/sign-in/callback` below it. */
  readonly publicUrl: string;
  /** The requested scope, including `openid` and what the role claim needs. */
  readonly scope: string;
  readonly roleClaim: RoleClaim;
  readonly sessions: Sessions;
  readonly sealer: TokenSealer;
  readonly spent: SpentTokens;
  readonly now: () => Date;
}

const attemptMs = 10 * 60_000;
/** A name is only displayed, so a longer one is cut. */
const mostNameCharacters = 100;

/** Ties a sign-in to the browser that began it, so that an attacker's cannot be finished there. `Lax`, because the browser returns from another site. */
const attemptCookie = 'keyturn-sign-in';

/** Another release may have sealed the attempt. */
const attemptShape = z.object({ state: z.string(), verifier: z.string(), nonce: z.string(), path: z.string() });
type Attempt = z.infer<typeof attemptShape>;

interface Account {
  readonly claims: openid.IDToken;
  readonly accessToken: string;
}

interface OpenProvider extends Pick<OpenIdOptions, 'issuer' | 'scope' | 'roleClaim'> {
  /** Whether the portal is reached by https. */
  readonly secure: boolean;
  /** Fetches the issuer's metadata once; after a failure, again at the next sign-in. */
  readonly configured: () => Promise<openid.Configuration>;
}

/** Authorization code with PKCE, state and nonce. An attempt is sealed in its browser's cookie for ten minutes. */
export function createOpenId(options: OpenIdOptions): OpenId {
  const { publicUrl, scope, sessions, sealer, spent, now } = options;
  const secure = publicUrl.startsWith('https:');
  const callback = `${publicUrl}/sign-in/callback`;
  let configuration: Promise<openid.Configuration> | null = null;
  const provider: OpenProvider = { ...options, secure, configured };

  return {
    async begin(path) {
      const config = await configured();
      const attempt: Attempt = {
        state: openid.randomState(),
        verifier: openid.randomPKCECodeVerifier(),
        nonce: openid.randomNonce(),
        path,
      };
      const address = openid.buildAuthorizationUrl(config, {
        redirect_uri: callback,
        scope,
        code_challenge: await openid.calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: 'S256',
        state: attempt.state,
        nonce: attempt.nonce,
      });
      const token = await sealer.seal('sign-in-attempt', attempt, new Date(now().getTime() + attemptMs));
      return new Response(null, {
        status: 303,
        headers: { location: address.href, 'set-cookie': attemptCookieHeader(token, secure) },
      });
    },

    async finish(request) {
      const { search, searchParams } = new URL(request.url);
      const token = await sealer.open(
        'sign-in-attempt',
        readCookie(request.headers.get('cookie'), attemptCookie) ?? '',
      );
      const attempt = attemptShape.safeParse(token?.content).data;
      // The sign-in began in another browser, too long ago, or before the key changed: this is no refusal.
      if (token === null || attempt?.state !== searchParams.get('state')) return await signInAgain(request);
      const account = await exchange(provider, new URL(`${callback}${search}`), attempt);
      if (account === 'used') return await signInAgain(request);
      if (account === 'refused') return await notConfirmed(request);
      const roles = await rolesOf(provider, account);
      if (roles === 'refused') return await notConfirmed(request);
      if (roles === null || roles.length === 0) return await noRole(provider, request, roles === null);
      // Last, so that only an account with a role writes a record.
      if (!(await spent.spend(token.id, token.endsAt))) return await signInAgain(request);
      const cookie = await sessions.open({ person: personIn(account.claims), roles });
      return await signedIn(provider, cookie, attempt.path);
    },
  };

  function configured(): Promise<openid.Configuration> {
    configuration ??= discover(options).catch((error: unknown) => {
      configuration = null;
      throw unreachable(provider, error);
    });
    return configuration;
  }
}

async function exchange(provider: OpenProvider, address: URL, attempt: Attempt): Promise<Account | 'used' | 'refused'> {
  try {
    const tokens = await openid.authorizationCodeGrant(await provider.configured(), address, {
      pkceCodeVerifier: attempt.verifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
    });
    const claims = tokens.claims();
    return claims === undefined ? 'refused' : { claims, accessToken: tokens.access_token };
  } catch (error) {
    if (error instanceof openid.ResponseBodyError && error.error === 'invalid_grant') return 'used';
    if (isAnswer(error)) return 'refused';
    throw unreachable(provider, error);
  }
}

/** Reads the roles from the ID token, or else from the issuer's userinfo for the same subject. `null`: neither has the claim. */
async function rolesOf(provider: OpenProvider, { claims, accessToken }: Account) {
  const config = await provider.configured();
  const told = rolesIn(claims, provider.roleClaim);
  if (told !== null || config.serverMetadata().userinfo_endpoint === undefined) return told;
  try {
    return rolesIn(await openid.fetchUserInfo(config, accessToken, claims.sub), provider.roleClaim);
  } catch (error) {
    if (isAnswer(error)) return 'refused';
    throw unreachable(provider, error);
  }
}

async function noRole(provider: OpenProvider, request: Request, isMissing: boolean): Promise<Response> {
  const looked = `Keyturn looked for the claim ${provider.roleClaim.name}, asking with the scope “${provider.scope}”.`;
  const found = isMissing
    ? 'The identity provider did not tell it. An earlier consent to this portal may be too narrow: revoke it in your account at the provider, then sign in again.'
    : 'It contains no value that grants a role here. Ask an operator to add you to a group or role of this portal.';
  return await showRefusal(request, 403, `Your account has no role in Keyturn. ${looked} ${found}`);
}

async function signedIn(provider: OpenProvider, cookie: string, path: string): Promise<Response> {
  // A page, not a redirect: after the provider's site, a browser would follow a redirect without the `Strict` cookie.
  const shown = await page('Signed in', html`<h1>You are signed in</h1><p><a href="${path}">Go on</a></p>`);
  shown.headers.set('set-cookie', setCookieHeader(cookie, provider.secure));
  shown.headers.set('refresh', `0; url=${path}`);
  return shown;
}

/** OAuth errors about the portal itself, not about the person. Source: RFC 6749, sections 4.1.2.1 and 5.2. */
const aboutThePortal = [
  'invalid_client',
  'unauthorized_client',
  'unsupported_response_type',
  'unsupported_grant_type',
  'invalid_scope',
];

/** The word of such an error; `null` for every other failure. */
function refusalOfPortal(error: unknown): string | null {
  const isOAuth = error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError;
  return (isOAuth && aboutThePortal.find((word) => word === error.error)) || null;
}

function unreachable(provider: OpenProvider, cause: unknown): unknown {
  const { issuer } = provider;
  const reason = refusalOfPortal(cause);
  if (reason !== null) return new ServiceError('IDENTITY_PROVIDER_REFUSED_PORTAL', { issuer, reason }, { cause });
  // If reading the client secret failed, that fault is the more precise one.
  return ServiceError.is(cause) ? cause : new ServiceError('IDENTITY_PROVIDER_UNREACHABLE', { issuer }, { cause });
}

function attemptCookieHeader(token: string, secure: boolean): string {
  const base = `${attemptCookie}=${token}; Path=/sign-in; HttpOnly; SameSite=Lax; Max-Age=${String(attemptMs / 1000)}`;
  return secure ? `${base}; Secure` : base;
}

/** The account for the record: its subject, with its present name. */
function personIn(claims: openid.IDToken): Person {
  const names = [claims['preferred_username'], claims['name'], claims.sub];
  const texts = names.filter((one) => typeof one === 'string');
  const name = texts.find((one) => one.trim() !== '') ?? claims.sub;
  return { kind: 'signed-in', subject: subjectOf(claims), name: name.slice(0, mostNameCharacters) };
}

async function signInAgain(request: Request): Promise<Response> {
  return await showRefusal(request, 401, 'This sign-in was begun in another browser or too long ago. Sign in again.');
}

async function notConfirmed(request: Request): Promise<Response> {
  return await showRefusal(request, 403, 'The identity provider did not confirm this sign-in.');
}

/** Tells an answer about the person, however wrong, from a failure. */
function isAnswer(error: unknown): boolean {
  if (refusalOfPortal(error) !== null) return false;
  if (error instanceof openid.AuthorizationResponseError || error instanceof openid.ResponseBodyError) return true;
  if (error instanceof openid.WWWAuthenticateChallengeError) return true;
  if (!(error instanceof openid.ClientError)) return false;
  // An error without a code wraps a network failure.
  const { code, cause } = error;
  const isServersFault = cause instanceof Response && cause.status >= 500;
  return code !== undefined && code !== 'OAUTH_TIMEOUT' && code !== 'OAUTH_ABORT' && !isServersFault;
}

async function discover({ issuer, clientId, clientSecret }: OpenIdOptions): Promise<openid.Configuration> {
  const address = new URL(issuer);
  // Plain http only to this machine or within a container's network, as the settings require.
  const isPlain = address.protocol === 'http:' && isPrivateEnough(address);
  return await openid.discovery(address, clientId, (await clientSecret()).reveal(), undefined, {
    ...(isPlain && { execute: [openid.allowInsecureRequests] }),
  });
}
