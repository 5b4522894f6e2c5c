import { readFileSync } from 'node:fs';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedIdentityProvider } from '../../../embedded/openid/identity-provider.ts';
import { startIdentityProvider } from '../../../embedded/openid/start-identity-provider.ts';
import { publishedContract, unlessContractsAreAbsent } from '../../published-contracts.ts';

// The challenge is the sha256 of the verifier in base64url.
const verifier = 'a-verifier-of-at-least-forty-three-characters-0';
const challenge = 'S6xMLfJrdwhXm9EJRqmQw6nyYWcpLlPsCEOqmhPUIcs';
const redirectUri = 'https://keyturn.example.org/sign-in/callback';

let provider: EmbeddedIdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider();
});
afterAll(async () => await provider.stop());
beforeEach(() => {
  provider.define({ subject: '1', name: 'root-admin', groups: ['acme', 'acme:owners'] });
  provider.revokeConsent('root-admin');
});

async function signIn(scope: string) {
  const asked = new URLSearchParams({
    client_id: provider.clientId,
    redirect_uri: redirectUri,
    response_type: 'code',
    scope,
    state: 's',
    nonce: 'n',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const back = new URL(await provider.visit(`${provider.url}/login/oauth/authorize?${asked.toString()}`, 'root-admin'));
  expect(back.searchParams.get('state')).toBe('s');
  return back.searchParams.get('code') ?? '';
}

async function redeem(code: string, changes: Record<string, string> = {}) {
  const form = { client_id: provider.clientId, client_secret: provider.clientSecret, redirect_uri: redirectUri };
  const body = new URLSearchParams({
    ...form,
    grant_type: 'authorization_code',
    code,
    code_verifier: verifier,
    ...changes,
  });
  const response = await fetch(`${provider.url}/login/oauth/access_token`, { method: 'POST', body });
  return { status: response.status, body: (await response.json()) as Record<string, string> };
}

async function tokensFor(scope: string) {
  const { body } = await redeem(await signIn(scope));
  const headers = { authorization: `Bearer ${body['access_token'] ?? ''}` };
  const userinfo = await fetch(`${provider.url}/login/oauth/userinfo`, { headers });
  return { body, claims: decodeJwt(body['id_token'] ?? ''), userinfo: (await userinfo.json()) as object };
}

const always = ['aud', 'exp', 'iat', 'iss', 'locale', 'name', 'nonce', 'picture', 'preferred_username', 'profile'];

describe('the embedded identity provider, as Gitea 1.26.3', () => {
  it('puts groups into the ID token only with the consented scope, and never roles', async () => {
    const keys = Object.keys((await tokensFor('openid profile')).claims).sort();
    expect(keys).toEqual([...always, 'sub', 'updated_at']);
  });

  it('lists each organisation and organisation:team with the scope groups', async () => {
    expect((await tokensFor('openid profile groups')).claims).toMatchObject({
      sub: '1',
      groups: ['acme', 'acme:owners'],
    });
  });

  it('keeps the scopes of the first consent, but always returns groups by userinfo', async () => {
    await tokensFor('openid profile');
    const { claims, userinfo } = await tokensFor('openid profile groups');
    expect(claims).not.toHaveProperty('groups');
    expect(userinfo).toMatchObject({ sub: '1', groups: ['acme', 'acme:owners'] });
  });

  it('accepts a code once, with its verifier and address, only from its client', async () => {
    const code = await signIn('openid');
    expect(await redeem(code)).toMatchObject({ status: 200 });
    expect(await redeem(code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    const wrong = [{ code_verifier: 'x' }, { redirect_uri: 'https://elsewhere.example.org' }, { client_secret: 'x' }];
    for (const changes of wrong) expect((await redeem(await signIn('openid'), changes)).status).not.toBe(200);
  });

  it('shows a page with the people to choose from', async () => {
    const asked = new URLSearchParams({ client_id: provider.clientId, redirect_uri: redirectUri });
    const page = await (await fetch(`${provider.url}/login/oauth/authorize?${asked.toString()}`)).text();
    expect(page).toContain('as=root-admin');
  });
});

describe('the recorded exchanges of Gitea 1.26.3', unlessContractsAreAbsent, () => {
  const read = (name: string) =>
    JSON.parse(readFileSync(publishedContract(`04-gitea/recorded-1.26.3/${name}.json`), 'utf8')) as {
      scope: string;
      claims: Record<string, unknown>;
      tokenEndpointKeys: string[];
      userinfo: Record<string, unknown>;
      answer: { body: Record<string, unknown> };
    };

  it.each([
    'openid-id-token-claims',
    'openid-id-token-claims-groups',
    'openid-id-token-claims-groups-after-narrow-grant',
  ])('have the same claims as the embedded provider: %s', async (name) => {
    const { scope, claims, tokenEndpointKeys } = read(name);
    if (name.endsWith('narrow-grant')) await tokensFor('openid profile');
    const told = await tokensFor(scope);
    expect(Object.keys(told.claims).sort()).toEqual(Object.keys(claims).sort());
    expect(told.claims['groups']).toEqual(claims['groups']);
    expect(Object.keys(told.body).sort()).toEqual(tokenEndpointKeys.toSorted());
  });

  it('have the same discovery document as the embedded provider', async () => {
    const { body } = read('openid-discovery').answer;
    const ours = (await (await fetch(`${provider.url}/.well-known/openid-configuration`)).json()) as typeof body;
    const portless = (value: unknown) =>
      JSON.parse(JSON.stringify(value).replaceAll(/localhost:\d+/g, 'host')) as unknown;
    for (const [key, value] of Object.entries(body)) {
      if (key === 'claims_supported') continue;
      expect([key, portless(ours[key])]).toEqual([key, portless(value)]);
    }
  });
});
