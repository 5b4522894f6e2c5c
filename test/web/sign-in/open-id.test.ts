import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EmbeddedIdentityProvider } from '../../../embedded/openid/identity-provider.ts';
import { startIdentityProvider } from '../../../embedded/openid/start-identity-provider.ts';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { SecretValue } from '../../../src/secrets/secret-value.ts';
import { createOpenId } from '../../../src/web/sign-in/open-id.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { sessionsUnderTest } from './sessions-under-test.ts';
import { webWorld } from '../web-world.ts';

let provider: EmbeddedIdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider();
});
afterAll(async () => await provider.stop());
beforeEach(() => {
  provider.misbehave({});
  provider.define({ subject: '7', name: 'ann', groups: ['acme', 'acme:auditors'] });
  provider.define({ subject: '8', name: 'ben', groups: ['acme', 'acme:operators'] });
  provider.define({ subject: '9', name: 'eve', groups: ['strangers'] });
  for (const name of ['ann', 'ben', 'eve']) provider.revokeConsent(name);
});

const host = 'keyturn.example.org';
const elsewhere = { host, loopback: false };
const gitea = {
  scope: 'openid profile groups',
  roleClaim: {
    name: 'groups',
    values: { auditor: ['Acme:Auditors'], operator: ['acme:operators'] },
    ignoresCase: true,
  },
};
const byRoles = {
  scope: 'openid profile',
  roleClaim: {
    name: 'roles',
    values: { auditor: ['Keyturn.Auditor'], operator: ['Keyturn.Operator'] },
    ignoresCase: false,
  },
};

/** One instance of the portal. Instances over the same records are one installation. */
function instance(
  settings: typeof gitea & { readonly secret?: string } = gitea,
  records: RecordStore = memoryRecordStore(),
  now = () => new Date(),
) {
  const { secret = provider.clientSecret, ...rest } = settings;
  const { sealer, spent, sessions } = sessionsUnderTest(now, records);
  const openId = createOpenId({
    issuer: provider.url,
    clientId: provider.clientId,
    clientSecret: () => Promise.resolve(new SecretValue(secret)),
    publicUrl: `https://${host}`,
    ...rest,
    sessions,
    sealer,
    spent,
    now,
  });
  return webWorld({ access: { openId, sessions, hosts: [host] } });
}

type Instance = ReturnType<typeof instance>;

/** Goes to the provider, signs in there, and gives the way back with the browser's cookie. */
async function visit(portal: Instance, name = 'ann', to = '/') {
  const away = await portal.send(`/sign-in?to=${encodeURIComponent(to)}`, elsewhere);
  const asked = away.headers.get('location') ?? '';
  const back = new URL(await provider.visit(asked, name));
  return { away, asked: new URL(asked).searchParams, back: `${back.pathname}${back.search}`, cookie: cookieOf(away) };
}

function cookieOf(response: Response): string {
  return response.headers.get('set-cookie')?.split(';')[0] ?? '';
}

async function comeBack(portal: Instance, { back, cookie }: { back: string; cookie: string }) {
  return await portal.send(back, { ...elsewhere, headers: { cookie, accept: 'text/html' } });
}

async function signIn(portal: Instance, name = 'ann') {
  const visited = await visit(portal, name);
  const returned = await comeBack(portal, visited);
  return { ...visited, returned, text: await returned.text(), session: cookieOf(returned) };
}

const statusOf = async (portal: Instance, cookie: string, path = '/') =>
  (await portal.send(path, { ...elsewhere, headers: { cookie } })).status;

describe('signing in with an identity provider', () => {
  it('opens the portal for an account with a role', async () => {
    const portal = instance();
    const { returned, session } = await signIn(portal);
    expect([returned.status, await statusOf(portal, session)]).toEqual([200, 200]);
    // Its own page goes on: a redirect from the provider's site would leave the cookie behind.
    expect(returned.headers.get('refresh')).toBe('0; url=/');
    expect(returned.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict; .*; Secure$/);
  });

  it('grants an auditor only the right to read, and an operator both rights', async () => {
    const portal = instance();
    const post = async (cookie: string) => {
      const body = JSON.stringify({ action: 'request', secret: 'x', reason: 'y' });
      return (await portal.send('/rotations', { ...elsewhere, method: 'POST', body, headers: { cookie } })).status;
    };
    expect(await post((await signIn(portal, 'ann')).session)).toBe(403);
    expect(await post((await signIn(portal, 'ben')).session)).toBe(202);
  });

  it('records the subject beside the name, even after the account is renamed', async () => {
    const portal = instance();
    const ask = async () => {
      const { session } = await signIn(portal, 'ben');
      const body = JSON.stringify({ action: 'request', secret: 'x', reason: 'y' });
      await portal.send('/rotations', { ...elsewhere, method: 'POST', body, headers: { cookie: session } });
    };
    await ask();
    const subject = { issuer: provider.url, id: '8' };
    expect(portal.calls.requested).toMatchObject([{ by: { kind: 'signed-in', subject, name: 'ben' } }]);
    provider.define({ subject: '8', name: 'ann-too', groups: ['acme:operators'] });
    const { session } = await signIn(portal, 'ann-too');
    const body = JSON.stringify({ action: 'approve', rotationId: 'abc.1', reason: 'y' });
    await portal.send('/rotations', { ...elsewhere, method: 'POST', body, headers: { cookie: session } });
    expect(portal.calls.approved).toMatchObject([{ by: { kind: 'signed-in', subject, name: 'ann-too' } }]);
  });

  it('leads back to the page that was asked for', async () => {
    const portal = instance();
    const refused = await portal.send('/rotations?open', { ...elsewhere, headers: { accept: 'text/html' } });
    expect(await refused.text()).toContain('href="/sign-in?to=%2Frotations%3Fopen"');
    const returned = await comeBack(portal, await visit(portal, 'ann', '/rotations?open'));
    expect(returned.headers.get('refresh')).toBe('0; url=/rotations?open');
  });

  it.each(['//attacker.example', '/\\attacker.example', 'https://attacker.example', '/a\n<b>', '/sign-out', ''])(
    'leads to the start page instead of %j',
    async (to) => {
      const portal = instance();
      const returned = await comeBack(portal, await visit(portal, 'ann', to));
      expect(returned.headers.get('refresh')).toBe('0; url=/');
    },
  );

  it('sends PKCE, a nonce and the scope that the claim needs', async () => {
    const { asked } = await visit(instance());
    expect([asked.get('code_challenge_method'), asked.get('scope')]).toEqual(['S256', 'openid profile groups']);
    expect(asked.get('nonce')).not.toBe('');
  });

  it('refuses a token for another attempt', async () => {
    provider.misbehave({ nonce: 'another' });
    expect((await signIn(instance())).returned.status).toBe(403);
  });

  it('refuses a person who did not sign in at the provider', async () => {
    expect((await signIn(instance(), 'nobody')).returned.status).toBe(403);
  });

  it('reports a client that the provider rejects as a failure, not as an account without a role', async () => {
    const { returned, text } = await signIn(instance({ ...gitea, secret: 'rotated-meanwhile' }));
    expect(returned.status).toBe(503);
    expect(text).toContain('KEYTURN_OPENID_CLIENT_SECRET');
    expect(text).not.toContain('rotated-meanwhile');
  });

  it('reports a provider that does not answer as a failure, not as an account without a role', async () => {
    const portal = instance();
    provider.misbehave({ tokenLost: true });
    expect((await signIn(portal)).returned.status).toBe(503);
    provider.misbehave({});
    expect((await signIn(portal)).returned.status).toBe(200);
  });
});

describe('the role claim', () => {
  it('can be groups with organisation:team, as in Gitea', async () => {
    expect((await signIn(instance(), 'ann')).returned.status).toBe(200);
  });

  it('can be roles, or a member of an object', async () => {
    provider.misbehave({ claims: { roles: ['Keyturn.Auditor'] } });
    expect((await signIn(instance(byRoles))).returned.status).toBe(200);
    provider.misbehave({ claims: { realm_access: { roles: ['Keyturn.Auditor'] } } });
    const nested = { ...byRoles, roleClaim: { ...byRoles.roleClaim, name: 'realm_access.roles' } };
    expect((await signIn(instance(nested))).returned.status).toBe(200);
  });

  it('comes from userinfo if an earlier consent was too narrow for the ID token', async () => {
    await signIn(instance({ ...gitea, scope: 'openid profile' }));
    const { returned, text } = await signIn(instance());
    expect([returned.status, text]).toEqual([200, expect.stringContaining('You are signed in')]);
  });

  it('is refused if userinfo names another subject than the ID token', async () => {
    provider.misbehave({ userinfoSubject: '8' });
    const { returned } = await signIn(instance({ ...gitea, scope: 'openid profile' }));
    expect([returned.status, returned.headers.get('set-cookie')]).toEqual([403, null]);
  });

  it('is reported as a failure, not as missing, if userinfo does not answer', async () => {
    provider.misbehave({ userinfoStatus: 502 });
    expect((await signIn(instance({ ...gitea, scope: 'openid profile' }))).returned.status).toBe(503);
  });

  it('is named on the 403 page for an account without it, with the remedy', async () => {
    const { returned, text, session } = await signIn(instance(byRoles));
    expect([returned.status, session]).toEqual([403, '']);
    for (const words of ['the claim roles', 'openid profile', 'earlier consent', 'revoke it'])
      expect(text).toContain(words);
  });

  it('has another 403 page if it is present with other values', async () => {
    const { returned, text } = await signIn(instance(), 'eve');
    expect(returned.status).toBe(403);
    expect(text).toContain('the claim groups');
    expect(text).toContain('no value that grants a role');
    expect(text).not.toContain('consent');
  });
});

describe('an attempt to sign in', () => {
  it('can finish at another instance', async () => {
    const records = memoryRecordStore();
    const [first, second] = [instance(gitea, records), instance(gitea, records)];
    const returned = await comeBack(second, await visit(first));
    expect([returned.status, await statusOf(first, cookieOf(returned))]).toEqual([200, 200]);
  });

  it('that cannot be opened gets “Sign in again”, not an answer about roles', async () => {
    const visited = await visit(instance());
    const returned = await comeBack(instance(), visited);
    const text = await returned.text();
    expect([returned.status, returned.headers.get('set-cookie')]).toEqual([401, null]);
    expect(text).toContain('Sign in again');
    expect(text).not.toContain('role');
  });

  it('finishes only in the browser in which it began', async () => {
    const portal = instance();
    const [mine, another] = [await visit(portal), await visit(portal)];
    for (const cookie of ['', 'keyturn-sign-in=another', another.cookie]) {
      const returned = await comeBack(portal, { ...mine, cookie });
      expect([returned.status, returned.headers.get('set-cookie')]).toEqual([401, null]);
    }
    expect(mine.away.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Lax; .*; Secure$/);
  });

  it('works once', async () => {
    const portal = instance();
    const visited = await visit(portal);
    const statuses = [(await comeBack(portal, visited)).status, (await comeBack(portal, visited)).status];
    expect(statuses).toEqual([200, 401]);
  });

  it('works for ten minutes', async () => {
    const records = memoryRecordStore();
    const visited = await visit(instance(gitea, records));
    const late = () => new Date(Date.now() + 10 * 60_000 + 1000);
    expect((await comeBack(instance(gitea, records, late), visited)).status).toBe(401);
  });

  it('is not accepted as a session, nor a session as an attempt', async () => {
    const portal = instance();
    const visited = await visit(portal);
    const attempt = visited.cookie.split('=')[1] ?? '';
    expect(await statusOf(portal, `keyturn-session=${attempt}`)).toBe(401);
    const { session } = await signIn(portal);
    const swapped = `keyturn-sign-in=${session.split('=')[1] ?? ''}`;
    expect((await comeBack(portal, { ...visited, cookie: swapped })).status).toBe(401);
  });
});
