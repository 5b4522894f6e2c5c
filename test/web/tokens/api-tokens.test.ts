import { describe, expect, it } from 'vitest';
import { dayMs } from '../../../src/secrets/duration.ts';
import { portalPages } from '../../../src/web/portal/portal-pages.ts';
import { tokenScopes, type TokenScope } from '../../../src/web/tokens/api-token.ts';
import type { Access } from '../../../src/web/who.ts';
import { personCalled } from '../../provenance/people.ts';
import { listedRotation, webWorld } from '../web-world.ts';

const scopes = Object.keys(tokenScopes) as TokenScope[];

async function world(granted: readonly TokenScope[], access: Partial<Access> = {}) {
  const made = webWorld({ access, ports: { rotations: () => Promise.resolve([listedRotation()]) } });
  const { token, text } = await made.tokens.create({
    name: 'ci',
    scopes: granted,
    lifetimeMs: dayMs,
    by: personCalled('ann'),
  });
  const authorization = `Bearer ${text.reveal()}`;
  const ask = async (path: string, init: Parameters<typeof made.send>[1] = {}) =>
    await made.send(path, { ...init, headers: { authorization, ...(init.headers as Record<string, string>) } });
  return { ...made, token, authorization, ask };
}

const addresses: Readonly<Record<string, string>> = {
  '/findings/:id': '/findings/f1',
  '/reports/:id': '/reports/2026-02-abc',
  '/reports/:id/check': '/reports/2026-02-abc/check',
  '/reports/:id/difference': '/reports/2026-02-abc/difference',
  '/reports/:id/:file{.+}': '/reports/2026-02-abc/report.html',
  '/secrets/:vault/:name': '/secrets/kv/app',
  '/secrets/:vault/:name/plan': '/secrets/kv/app/plan',
};
const routes = [
  ...portalPages.map(({ method, path, scope }) => ({ method, path: addresses[path] ?? path, scope })),
  { method: 'GET', path: '/readyz/details', scope: 'read' },
  { method: 'GET', path: '/metrics', scope: 'metrics' },
] as const;

describe('a program with an API token', () => {
  it.each(routes)('is let through $method $path by the scope $scope alone', async ({ method, path, scope }) => {
    for (const own of scopes) {
      const { ask } = await world([own]);
      const answer = await ask(path, { method, ...(method === 'POST' && { body: '{}' }) });
      const isOpen = own === scope;
      expect([own, answer.status === 403]).toEqual([own, !isOpen]);
      if (!isOpen) expect(await answer.json()).toMatchObject({ code: 'API_TOKEN_NEEDS_SCOPE' });
    }
  });

  it('gets JSON, also when it asks as a browser does', async () => {
    const { ask } = await world(['read', 'report']);
    const headers = { accept: 'text/html' };
    for (const path of [
      '/',
      '/secrets',
      '/rotations',
      '/access',
      '/reads',
      '/setup',
      '/retention',
      '/findings',
      '/reports',
    ]) {
      const answer = await ask(path, { headers });
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
        path,
        200,
        expect.stringContaining('application/json'),
      ]);
    }
  });

  it('is a machine account in the name of which a rotation is asked for', async () => {
    const { ask, calls, token } = await world(['rotate']);
    const body = JSON.stringify({ action: 'request', secret: 'app', reason: 'a release' });
    expect((await ask('/rotations', { method: 'POST', body })).status).toBe(202);
    const subject = { issuer: 'keyturn:api-token', id: token.id };
    expect(calls.requested).toMatchObject([{ by: { kind: 'machine', subject, name: 'ci' } }]);
  });

  it('approves nothing, lets nothing go and decides nothing, with every scope there is', async () => {
    const { ask, calls } = await world(scopes);
    const bodies = [
      { action: 'approve', rotationId: 'abc.1', reason: 'x' },
      { action: 'approve', rotationId: 'abc.1', reason: 'x', breakGlass: true },
      { action: 'decline', rotationId: 'abc.1', reason: 'x' },
      { action: 'go', secret: 'app', reason: 'x' },
      { action: 'go', environment: 'dev', reason: 'x' },
    ];
    for (const body of bodies)
      expect((await ask('/rotations', { method: 'POST', body: JSON.stringify(body) })).status).toBe(403);
    for (const path of ['/access', '/findings/f1'])
      expect((await ask(path, { method: 'POST', body: '{}' })).status).toBe(403);
    expect(calls).toMatchObject({ approved: [], gone: [], decided: [], requested: [] });
  });

  it('does not get its token to Gitea or to the tenant by a route that takes other proofs', async () => {
    const { ask } = await world(scopes);
    for (const path of ['/receipts', '/broker/sessions', '/broker/reads', '/events/gitea', '/events/key-vault']) {
      const answer = await ask(path, { method: 'POST', body: '{}' });
      expect([path, answer.status, await answer.json()]).toEqual([
        path,
        403,
        expect.objectContaining({ code: 'API_TOKEN_NEEDS_SCOPE' }),
      ]);
    }
  });

  it('is refused with the reason if the token is malformed, unknown or revoked, even on a trusted machine', async () => {
    const { send, ask, tokens, token } = await world(['read'], { trustLoopback: true });
    const headers = (authorization: string) => ({ headers: { authorization } });
    const malformed = await send('/secrets', headers('Bearer keyturn_abc'));
    expect([malformed.status, await malformed.json()]).toMatchObject([401, { code: 'API_TOKEN_REFUSED' }]);
    const unknown = await send('/secrets', headers(`Bearer keyturn_${'0'.repeat(20)}_${'a'.repeat(43)}`));
    expect([unknown.status, JSON.stringify(await unknown.json())]).toEqual([401, expect.stringContaining('unknown')]);
    expect((await ask('/secrets')).status).toBe(200);
    await tokens.revoke(token.id, personCalled('ann'));
    const revoked = await ask('/secrets');
    expect([revoked.status, JSON.stringify(await revoked.json())]).toEqual([401, expect.stringContaining('revoked')]);
  });

  it('is not let in by a foreign host name, or beside forged platform headers', async () => {
    const { ask } = await world(['read']);
    expect((await ask('/secrets', { host: 'attacker.example' })).status).toBe(401);
    expect((await ask('/secrets', { headers: { 'x-ms-client-principal': 'e30' } })).status).toBe(401);
  });

  it('counts where the platform signs people in, unless the platform names an account', async () => {
    const platform = {
      tenantId: 't',
      issuers: ['https://a.example/', 'https://b.example/'] as const,
      roleNames: { auditor: [], operator: [] },
    };
    const { ask } = await world(['read'], { platform });
    expect((await ask('/secrets', { loopback: false })).status).toBe(200);
    const principal = Buffer.from(JSON.stringify({ auth_typ: 'aad', claims: [] })).toString('base64');
    const named = await ask('/secrets', { loopback: false, headers: { 'x-ms-client-principal': principal } });
    expect(named.status).toBe(401);
  });

  it('reads the figures of a broker, which shows nothing else', async () => {
    const made = webWorld({ ports: { brokersOnly: true } });
    const { text } = await made.tokens.create({
      name: 'prometheus',
      scopes: ['metrics', 'read'],
      lifetimeMs: dayMs,
      by: personCalled('ann'),
    });
    const headers = { authorization: `Bearer ${text.reveal()}` };
    const figures = await made.send('/metrics', { headers });
    expect([figures.status, await figures.text()]).toEqual([200, 'keyturn_build_info 1\n']);
    expect(figures.headers.get('content-type')).toContain('version=0.0.4');
    expect((await made.send('/secrets', { headers })).status).toBe(404);
  });
});

describe('guessing tokens', () => {
  const guess = (number: number) => ({
    headers: { authorization: `Bearer keyturn_${String(number).padStart(20, '0')}_${'a'.repeat(43)}` },
  });

  it('ends with 429 and the time to wait, while others still come through', async () => {
    const { send, ask } = await world(['read']);
    const flood = { loopback: false, host: 'keyturn.example.org', address: '203.0.113.9' };
    const { send: exposed } = webWorld({ access: { hosts: ['keyturn.example.org'] } });
    const statuses: number[] = [];
    for (let tries = 0; tries < 80; tries += 1)
      statuses.push((await exposed('/secrets', { ...guess(tries), ...flood })).status);
    expect([statuses.filter((one) => one === 401).length, statuses.at(-1)]).toEqual([60, 429]);
    const refused = await exposed('/secrets', { ...guess(99), ...flood });
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({ code: 'TOO_MANY_ATTEMPTS' });
    // Another address, and a sender with a token that counts.
    expect((await exposed('/secrets', { ...guess(1), ...flood, address: '203.0.113.10' })).status).toBe(401);
    for (let tries = 0; tries < 80; tries += 1) expect((await ask('/secrets')).status).toBe(200);
    expect((await send('/healthz')).status).toBe(200);
  });
});
