import { azureClouds, tokenIssuers } from '../../src/secrets/azure-cloud.ts';
import { describe, expect, it } from 'vitest';
import { setCookieHeader } from '../../src/web/sign-in/sessions.ts';
import { personCalled } from '../provenance/people.ts';
import { webWorld } from './web-world.ts';

const routes = [
  ['GET', '/'],
  ['GET', '/reports/2026-02-abc'],
  ['GET', '/reports/2026-02-abc/report.html'],
  ['GET', '/rotations'],
  ['POST', '/rotations'],
  ['POST', '/events/key-vault'],
  ['POST', '/events/gitea'],
  ['POST', '/receipts'],
  ['GET', '/sign-in?code=x'],
  ['GET', '/readyz/details'],
  ['GET', '/no-such-page'],
] as const;
const forged = Buffer.from(
  JSON.stringify({ auth_typ: 'aad', claims: [{ typ: 'roles', val: 'Keyturn.Operator' }] }),
).toString('base64');

describe('when nobody is signed in and loopback is not trusted', () => {
  it.each(routes.filter(([, path]) => !/events\/gitea|receipts$/.test(path)))(
    'answers 401 to %s %s',
    async (method, path) => {
      expect((await webWorld().send(path, { method })).status).toBe(401);
    },
  );

  it.each(['/events/gitea', '/receipts'])('says that %s is not configured, and stores nothing', async (path) => {
    const { send, calls } = webWorld();
    expect((await send(path, { method: 'POST', body: '{}' })).status).toBe(404);
    expect(calls).toMatchObject({ receipts: [], deliveries: [] });
  });
});

describe('a request with a forged platform header', () => {
  it.each(routes)('gets 401 from %s %s, even on this machine', async (method, path) => {
    const { send } = webWorld({ access: { trustLoopback: true } });
    for (const name of ['x-ms-client-principal', 'X-MS-CLIENT-PRINCIPAL-NAME', 'x-ms-client-principal-id']) {
      expect((await send(path, { method, headers: { [name]: forged } })).status).toBe(401);
    }
  });
});

describe('a request with a foreign Host', () => {
  it.each(routes)('gets 401 from %s %s, even on this machine', async (method, path) => {
    const { send } = webWorld({ access: { trustLoopback: true } });
    for (const host of ['attacker.example', 'localhost.attacker.example', '127.0.0.1.nip.example:7071']) {
      expect((await send(path, { method, host })).status).toBe(401);
    }
  });

  it('is accepted under a configured name after sign-in', async () => {
    const { send, sessions } = webWorld({ access: { hosts: ['keyturn.example.org'] } });
    const cookie =
      setCookieHeader(await sessions.open({ person: personCalled('ann'), roles: ['auditor'] }), true).split(';')[0] ??
      '';
    expect((await send('/', { host: 'keyturn.example.org', loopback: false, headers: { cookie } })).status).toBe(200);
    expect((await send('/', { host: 'other.example.org', loopback: false, headers: { cookie } })).status).toBe(401);
  });
});

describe('a probe', () => {
  // As a container's supervisor asks: by any name, without a session.
  const probe = { host: '10.0.0.5:7071', loopback: false };

  it('gets one word if the server runs and is ready', async () => {
    const { send } = webWorld();
    for (const [path, word] of [
      ['/healthz', 'ok'],
      ['/readyz', 'ready'],
    ] as const) {
      const answer = await send(path, probe);
      expect([answer.status, await answer.text(), answer.headers.get('set-cookie')]).toEqual([200, word, null]);
      expect((await send(path, { ...probe, headers: { 'x-ms-client-principal': forged } })).status).toBe(200);
      expect((await send(path, { ...probe, method: 'HEAD' })).status).toBe(200);
    }
  });

  it('gets 503 and one word if a dependency is unreachable', async () => {
    const checks = [{ what: 'vault kv-secret-name', ready: false, says: 'VAULT_UNREACHABLE' }];
    const { send, sessions } = webWorld({ ports: { readiness: () => Promise.resolve(checks) } });
    const answer = await send('/readyz', probe);
    expect([answer.status, await answer.text()]).toEqual([503, 'unready']);
    expect((await send('/healthz', probe)).status).toBe(200);
    const cookie = setCookieHeader(await sessions.open({ person: personCalled('ann'), roles: ['auditor'] }), false);
    expect(await (await send('/readyz/details', { headers: { cookie } })).json()).toEqual({ checks });
  });
});

describe('when loopback is trusted', () => {
  const access = { trustLoopback: true };

  it.each(['localhost:7071', '127.0.0.1:7071', '[::1]:7071'])('accepts this machine as %s', async (host) => {
    expect((await webWorld({ access }).send('/', { host })).status).toBe(200);
  });

  it('refuses another machine that claims to be this one', async () => {
    expect((await webWorld({ access }).send('/', { loopback: false, host: 'localhost:7071' })).status).toBe(401);
  });
});

describe('the sign-in link', () => {
  it('works once, and its cookie opens the portal', async () => {
    const { send, sessions } = webWorld();
    const code = await sessions.offerSignIn({ person: personCalled('operator'), roles: ['auditor', 'operator'] });
    const first = await send(`/sign-in?code=${code}`);
    const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
    expect(first.status).toBe(303);
    expect(first.headers.get('set-cookie')).toContain('HttpOnly; SameSite=Strict');
    expect((await send('/', { headers: { cookie } })).status).toBe(200);
    expect((await send(`/sign-in?code=${code}`)).status).toBe(401);
  });
});

describe('signing in without an identity provider', () => {
  it('reports that none is configured, and does not mention a link', async () => {
    const answer = await webWorld().send('/sign-in');
    expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('No identity provider')]);
  });
});

describe('where the platform authenticates', () => {
  const tenantId = '11111111-1111-1111-1111-11111111abcd';
  const roleNames = { auditor: ['Keyturn.Auditor'], operator: ['Keyturn.Operator'] };
  const access = { platform: { tenantId, issuers: tokenIssuers(azureClouds.public, tenantId), roleNames } };
  const issuer = `https://login.microsoftonline.com/${tenantId}/v2.0`;
  const principal = (claims: Record<string, string>) => ({
    'x-ms-client-principal': Buffer.from(
      JSON.stringify({ auth_typ: 'aad', claims: Object.entries(claims).map(([typ, val]) => ({ typ, val })) }),
    ).toString('base64'),
  });
  const ask = async (claims: Record<string, string>, path = '/', method = 'GET') =>
    (await webWorld({ access }).send(path, { method, loopback: false, headers: principal({ oid: 'o-1', ...claims }) }))
      .status;
  const asksAs = async (claims: Record<string, string>) => {
    const { send, calls } = webWorld({ access });
    const body = JSON.stringify({ action: 'request', secret: 'x', reason: 'y' });
    const headers = principal({ tid: tenantId, iss: issuer, roles: 'Keyturn.Operator', ...claims });
    await send('/rotations', { method: 'POST', body, loopback: false, headers });
    return (calls.requested[0] as { by?: unknown } | undefined)?.by ?? null;
  };

  it('accepts an auditor of the tenant', async () => {
    expect(await ask({ tid: tenantId, iss: issuer, roles: 'Keyturn.Auditor' })).toBe(200);
  });

  it('ignores case in the tenant id', async () => {
    expect(await ask({ tid: tenantId.toUpperCase(), iss: issuer, roles: 'Keyturn.Auditor' })).toBe(200);
  });

  it('refuses another tenant, another issuer and a missing one', async () => {
    expect(await ask({ tid: 'another', iss: issuer, roles: 'Keyturn.Auditor' })).toBe(401);
    expect(await ask({ tid: tenantId, iss: 'https://evil.example/', roles: 'Keyturn.Auditor' })).toBe(401);
    expect(await ask({ roles: 'Keyturn.Auditor' })).toBe(401);
  });

  it('refuses an account without a role, and an auditor who acts', async () => {
    expect(await ask({ tid: tenantId, iss: issuer, roles: 'Another.Role' })).toBe(403);
    expect(await ask({ tid: tenantId, iss: issuer, roles: 'Keyturn.Auditor' }, '/rotations', 'POST')).toBe(403);
  });

  it('records the object id of the account, for any name and token version', async () => {
    const subject = { issuer, id: 'o-1' };
    const names = { oid: 'o-1', sub: 's-1', preferred_username: 'ann@example.org' };
    expect(await asksAs(names)).toEqual({ kind: 'signed-in', subject, name: 'ann@example.org' });
    const renamed = { ...names, preferred_username: 'bob@example.org', iss: `https://sts.windows.net/${tenantId}/` };
    expect(await asksAs(renamed)).toEqual({ kind: 'signed-in', subject, name: 'bob@example.org' });
  });

  it('recognises an app-only token by its type, or by an object id equal to its subject', async () => {
    expect(await asksAs({ oid: 'o-1', sub: 's-1', idtyp: 'app' })).toMatchObject({ kind: 'machine' });
    expect(await asksAs({ oid: 'o-1', sub: 'o-1' })).toMatchObject({ kind: 'machine', subject: { id: 'o-1' } });
  });

  it('refuses a sign-in without an object id', async () => {
    expect(await asksAs({})).toBeNull();
  });

  it('refuses a request without the header or with a malformed one', async () => {
    const { send } = webWorld({ access });
    expect((await send('/', { loopback: false })).status).toBe(401);
    expect((await send('/', { loopback: false, headers: { 'x-ms-client-principal': 'e30' } })).status).toBe(401);
  });
});
