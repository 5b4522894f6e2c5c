import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { createOpenId } from '../../src/web/open-id.ts';
import { createSessions } from '../../src/web/sessions.ts';
import { webWorld } from './web-world.ts';

/** What the provider's next token says; a nonce of `null` echoes the one that was asked with. */
let next: { roles: readonly string[]; nonce: string | null } = { roles: [], nonce: null };
let asked = new URLSearchParams();
let issuer = '';
let close = () => Promise.resolve();
/** While true the provider's token endpoint breaks off. */
let broken = false;

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const key = { ...(await exportJWK(publicKey)), kid: '1', alg: 'RS256' };
  const server = createServer((request, response) => {
    const answer = (body: unknown) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(body));
    };
    if (request.url?.includes('.well-known') === true) {
      return answer({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'],
      });
    }
    if (request.url === '/keys') return answer({ keys: [key] });
    if (broken) return void response.destroy();
    void new SignJWT({
      roles: next.roles,
      preferred_username: 'ann@example.org',
      nonce: next.nonce ?? asked.get('nonce'),
    })
      .setProtectedHeader({ alg: 'RS256', kid: '1' })
      .setIssuer(issuer)
      .setAudience('keyturn')
      .setSubject('ann')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(privateKey)
      .then((token) => answer({ access_token: 'a', token_type: 'bearer', id_token: token }));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  issuer = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  close = async () => await new Promise((done) => server.close(() => done()));
});
afterAll(async () => await close());

async function signIn(changes: { state?: string; browser?: string } = {}) {
  const sessions = createSessions(() => new Date());
  const openId = createOpenId({
    issuer,
    clientId: 'keyturn',
    clientSecret: () => Promise.resolve(new SecretValue('client-secret')),
    publicUrl: 'https://keyturn.example.org',
    roleNames: { auditor: 'Keyturn.Auditor', operator: 'Keyturn.Operator' },
    sessions,
    now: () => new Date(),
    allowInsecureLoopback: true,
  });
  const host = 'keyturn.example.org';
  const { send } = webWorld({ access: { openId, sessions, hosts: [host] } });
  const away = await send('/sign-in', { host, loopback: false });
  asked = new URL(away.headers.get('location') ?? '').searchParams;
  const back = `/sign-in/callback?code=c0de&state=${changes.state ?? asked.get('state') ?? ''}`;
  const browser = changes.browser ?? away.headers.get('set-cookie')?.split(';')[0] ?? '';
  const returned = await send(back, { host, loopback: false, headers: { cookie: browser } });
  const cookie = returned.headers.get('set-cookie')?.split(';')[0] ?? '';
  return {
    returned,
    away,
    again: await send(back, { host, loopback: false, headers: { cookie: browser } }),
    open: await send('/', { host, loopback: false, headers: { cookie } }),
  };
}

describe('signing in with an identity provider', () => {
  it('opens the portal for an account with a role, once a visit to the provider', async () => {
    next = { roles: ['Keyturn.Auditor'], nonce: null };
    const { returned, again, open } = await signIn();
    expect([returned.status, open.status, again.status]).toEqual([200, 200, 403]);
    // Its own page goes on: a redirect from the provider's site would leave the cookie behind.
    expect(returned.headers.get('refresh')).toBe('0; url=/');
    expect(returned.headers.get('set-cookie')).toContain('Secure');
  });

  it('ends in the browser in which it began, and in no other', async () => {
    next = { roles: ['Keyturn.Auditor'], nonce: null };
    for (const browser of ['none=1', 'keyturn-sign-in=another']) {
      const { returned, open } = await signIn({ browser });
      expect([returned.status, returned.headers.get('set-cookie'), open.status]).toEqual([403, null, 401]);
    }
    expect((await signIn()).away.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Lax; .*; Secure$/);
  });

  it('asks with PKCE and a nonce', async () => {
    await signIn();
    expect(asked.get('code_challenge_method')).toBe('S256');
    expect(asked.get('nonce')).not.toBe('');
  });

  it('refuses an account without a role, another state and another nonce', async () => {
    next = { roles: [], nonce: null };
    expect((await signIn()).open.status).toBe(401);
    next = { roles: ['Keyturn.Auditor'], nonce: null };
    expect((await signIn({ state: 'another' })).returned.status).toBe(403);
    next = { roles: ['Keyturn.Auditor'], nonce: 'another' };
    expect((await signIn()).returned.status).toBe(403);
  });

  it('does not call an account unknown while the provider does not answer', async () => {
    next = { roles: ['Keyturn.Auditor'], nonce: null };
    broken = true;
    expect((await signIn()).returned.status).toBe(500);
    broken = false;
    expect((await signIn()).open.status).toBe(200);
  });
});
