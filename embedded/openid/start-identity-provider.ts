import { randomBytes, randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createClock } from '../clock.ts';
import { type LoopbackAnswer, type LoopbackRequest, startLoopbackServer } from '../loopback-server.ts';
import type { EmbeddedIdentityProvider, ProviderFaults, ProviderPerson } from './identity-provider.ts';
import { createProviderGrants, type ProviderGrant } from './provider-grants.ts';

const tokenSeconds = 3600;

interface OpenProvider {
  readonly clientId: string;
  readonly clientSecret: string;
  /** By subject. */
  readonly people: ReadonlyMap<string, ProviderPerson>;
  readonly grants: ReturnType<typeof createProviderGrants>;
  faults: ProviderFaults;
  readonly privateKey: CryptoKey;
  readonly url: () => string;
  readonly personCalled: (name: string) => ProviderPerson | null;
}

/** Starts the provider on loopback. Its tokens are of the machine's time: that is what clients compare them with. */
export async function startIdentityProvider(
  options: { readonly port?: number } = {},
): Promise<EmbeddedIdentityProvider> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'embedded', alg: 'RS256', use: 'sig' }];
  const [clientId, clientSecret] = [randomUUID(), `gto_${randomBytes(20).toString('hex')}`];
  const people = new Map<string, ProviderPerson>();
  const grants = createProviderGrants();
  const provider: OpenProvider = { clientId, clientSecret, people, grants, faults: {}, privateKey, url, personCalled };

  const server = await startLoopbackServer({
    clock: createClock(),
    ...(options.port === undefined ? {} : { port: options.port }),
    answer(request): LoopbackAnswer | Promise<LoopbackAnswer> {
      switch (`${request.method} ${request.url.pathname}`) {
        case 'GET /.well-known/openid-configuration':
          return { status: 200, body: discovery(url()) };
        case 'GET /login/oauth/keys':
          return { status: 200, body: { keys } };
        case 'GET /login/oauth/authorize':
          return authorize(provider, request);
        case 'POST /login/oauth/access_token':
          return provider.faults.tokenLost === true ? { lost: true } : redeem(provider, request);
        case 'GET /login/oauth/userinfo':
          return userinfo(provider, request);
        default:
          return { status: 404, body: '404 page not found' };
      }
    },
  });

  return {
    url: url(),
    clientId,
    clientSecret,
    define: (person) => void people.set(person.subject, person),
    async visit(address, name) {
      const opened = await fetch(`${address}&as=${encodeURIComponent(name)}`, { redirect: 'manual' });
      return opened.headers.get('location') ?? '';
    },
    revokeConsent: (name) => grants.revoke(personCalled(name)?.subject ?? ''),
    misbehave: (next) => {
      provider.faults = next;
    },
    stop: () => server.stop(),
  };

  function url(): string {
    return `http://localhost:${String(server.port)}`;
  }

  function personCalled(name: string): ProviderPerson | null {
    return [...people.values()].find((person) => person.name === name) ?? null;
  }
}

/** Asks who signs in: a list of links. With `as` somebody did, and the browser is sent back. */
function authorize(provider: OpenProvider, { url: { searchParams: asked } }: LoopbackRequest): LoopbackAnswer {
  const redirectUri = asked.get('redirect_uri') ?? '';
  if (asked.get('client_id') !== provider.clientId || !URL.canParse(redirectUri))
    return { status: 400, body: 'unknown client' };
  const name = asked.get('as');
  if (name === null) return choice([...provider.people.values()], asked);
  const person = provider.personCalled(name);
  const back = new URL(redirectUri);
  back.searchParams.set('state', asked.get('state') ?? '');
  const challenge = asked.get('code_challenge');
  if (person === null || challenge === null || asked.get('code_challenge_method') !== 'S256') {
    back.searchParams.set('error', person === null ? 'access_denied' : 'invalid_request');
  } else {
    const nonce = asked.get('nonce');
    const scope = asked.get('scope') ?? 'openid';
    back.searchParams.set('code', provider.grants.authorize({ person, scope, nonce, redirectUri, challenge }));
  }
  return { status: 303, headers: { Location: back.href } };
}

async function redeem(provider: OpenProvider, request: LoopbackRequest): Promise<LoopbackAnswer> {
  const form = new URLSearchParams(request.body);
  if (!isClient(provider, request, form)) return { status: 401, body: { error: 'invalid_client' } };
  const redeemed = provider.grants.redeem(
    form.get('code') ?? '',
    form.get('code_verifier') ?? '',
    form.get('redirect_uri') ?? '',
  );
  if (redeemed === null) return { status: 400, body: { error: 'invalid_grant' } };
  const idToken = await new SignJWT(idClaims(provider, redeemed.grant))
    .setProtectedHeader({ alg: 'RS256', kid: 'embedded', typ: 'JWT' })
    .setIssuer(provider.url())
    .setSubject(redeemed.grant.person.subject)
    .setAudience(provider.clientId)
    .setIssuedAt()
    .setExpirationTime(`${String(tokenSeconds)}s`)
    .sign(provider.privateKey);
  const body = {
    access_token: redeemed.accessToken,
    token_type: 'bearer',
    expires_in: tokenSeconds,
    refresh_token: randomBytes(24).toString('base64url'),
    id_token: idToken,
  };
  return { status: 200, body };
}

/** The client's credential, in the form or as Basic: Gitea takes both. */
function isClient(provider: OpenProvider, { headers }: LoopbackRequest, form: URLSearchParams): boolean {
  const basic = /^Basic (.+)$/.exec(headers['authorization'] ?? '')?.[1];
  if (basic === undefined)
    return form.get('client_id') === provider.clientId && form.get('client_secret') === provider.clientSecret;
  return Buffer.from(basic, 'base64').toString('utf8') === `${provider.clientId}:${provider.clientSecret}`;
}

function idClaims(provider: OpenProvider, { person, scopes, nonce }: ProviderGrant): Record<string, unknown> {
  return {
    ...(nonce === null ? {} : { nonce: provider.faults.nonce ?? nonce }),
    ...(scopes.includes('profile') ? profileOf(person, provider.url()) : {}),
    ...(scopes.includes('groups') ? { groups: person.groups } : {}),
    ...provider.faults.claims,
  };
}

/** Tells `groups` whatever the consent was. Source: what 1.26.3 answered after a narrow consent. */
function userinfo(provider: OpenProvider, { headers }: LoopbackRequest): LoopbackAnswer {
  const grant = provider.grants.find(/^Bearer (.+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? '');
  if (grant === null) return { status: 401, headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' } };
  if (provider.faults.userinfoStatus !== undefined)
    return { status: provider.faults.userinfoStatus, body: 'Internal Server Error' };
  const { subject, name, groups } = grant.person;
  const body = { sub: provider.faults.userinfoSubject ?? subject, name, preferred_username: name, groups };
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body };
}

function profileOf({ name }: ProviderPerson, url: string): Record<string, unknown> {
  return {
    name,
    preferred_username: name,
    profile: `${url}/${name}`,
    picture: `${url}/avatars/${name}`,
    locale: 'en-US',
    updated_at: Math.floor(Date.now() / 1000),
  };
}

function choice(people: readonly ProviderPerson[], asked: URLSearchParams): LoopbackAnswer {
  const links = people.map(
    ({ name }) =>
      `<li><a href="?${asked.toString().replaceAll('&', '&amp;')}&amp;as=${encodeURIComponent(name)}">${name}</a>`,
  );
  const body = `<!doctype html><title>Sign in</title><p>Who signs in to Keyturn?</p><ul>${links.join('')}</ul>`;
  return { status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body };
}

/** As Gitea publishes it: no `token_endpoint_auth_methods_supported`, no `roles`. */
function discovery(url: string): object {
  return {
    issuer: url,
    authorization_endpoint: `${url}/login/oauth/authorize`,
    token_endpoint: `${url}/login/oauth/access_token`,
    jwks_uri: `${url}/login/oauth/keys`,
    userinfo_endpoint: `${url}/login/oauth/userinfo`,
    introspection_endpoint: `${url}/login/oauth/introspect`,
    response_types_supported: ['code', 'id_token'],
    id_token_signing_alg_values_supported: ['RS256'],
    subject_types_supported: ['public'],
    scopes_supported: ['openid', 'profile', 'email', 'groups'],
    claims_supported: [
      'aud',
      'exp',
      'iat',
      'iss',
      'sub',
      'name',
      'preferred_username',
      'profile',
      'picture',
      'locale',
      'updated_at',
      'groups',
    ],
    code_challenge_methods_supported: ['plain', 'S256'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
  };
}
