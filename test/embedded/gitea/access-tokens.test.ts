import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { basic, giteaUnderTest } from './gitea-under-test.ts';

describe('access tokens', () => {
  let at: Awaited<ReturnType<typeof giteaUnderTest>>;
  const dora = basic('dora', 'dora-password');
  const tokens = '/users/dora/tokens';
  beforeEach(async () => {
    at = await giteaUnderTest();
  });
  afterEach(async () => {
    await at.gitea.stop();
  });

  async function create(name: string, scopes: readonly string[], authorization = dora) {
    const answer = await at.ask(authorization, 'POST', tokens, { name, scopes });
    return { ...answer, token: answer.json as { id: number; sha1: string; token_last_eight: string } };
  }

  it('tell their value once, and afterwards the last eight characters', async () => {
    const { status, token } = await create('deploy', ['read:user']);
    expect(status).toBe(201);
    expect(token.sha1).toMatch(/^[0-9a-f]{40}$/);
    expect(token.token_last_eight).toBe(token.sha1.slice(-8));
    const listed = await at.ask(dora, 'GET', tokens);
    expect(listed.text).not.toContain(token.sha1);
    expect(listed.json).toEqual([
      expect.objectContaining({
        id: token.id,
        sha1: '',
        token_last_eight: token.token_last_eight,
        scopes: ['read:user'],
      }),
    ]);
  });

  it('are made behind Basic authentication alone, by their user or the administrator', async () => {
    const bearer = `token ${at.gitea.seedToken('dora', 'all', ['all'])}`;
    expect((await create('a', ['all'], bearer)).status).toBe(401);
    expect((await create('a', ['all'], basic('dora', 'wrong'))).status).toBe(401);
    expect((await create('a', ['all'], basic('root', 'root-password'))).status).toBe(201);
    expect((await at.ask(dora, 'GET', '/users/root/tokens')).status).toBe(403);
    expect((await at.ask(null, 'GET', tokens)).status).toBe(401);
  });

  it("count as a password in Basic authentication, within the token's scopes", async () => {
    const value = at.gitea.seedToken('dora', 'minter', ['write:user']);
    expect((await create('b', ['read:repository'], basic('dora', value))).status).toBe(201);
    const reader = at.gitea.seedToken('dora', 'reader', ['read:user']);
    expect((await create('c', ['read:repository'], basic('dora', reader))).status).toBe(403);
  });

  it('refuse a name that is taken, an unknown scope and no scope with 400', async () => {
    await create('deploy', ['read:user']);
    expect((await create('deploy', ['read:user'])).status).toBe(400);
    expect((await create('other', ['read:everything'])).status).toBe(400);
    expect((await create('other', [])).status).toBe(400);
    expect((await at.ask(dora, 'POST', tokens, { scopes: ['all'] })).status).toBe(422);
  });

  it('end when they are deleted, by id or by name, once', async () => {
    const { token } = await create('first', ['read:user']);
    await create('second', ['read:user']);
    expect((await at.ask(`Bearer ${token.sha1}`, 'GET', '/user')).status).toBe(200);
    expect((await at.ask(dora, 'DELETE', `${tokens}/${String(token.id)}`)).status).toBe(204);
    expect((await at.ask(`Bearer ${token.sha1}`, 'GET', '/user')).status).toBe(401);
    expect((await at.ask(dora, 'DELETE', `${tokens}/${String(token.id)}`)).status).toBe(404);
    expect((await at.ask(dora, 'DELETE', `${tokens}/second`)).status).toBe(204);
  });

  it('remember when they were last used, in whole seconds of the clock', async () => {
    const { token } = await create('deploy', ['read:user']);
    at.clock.advance(90_000);
    await at.ask(`token ${token.sha1}`, 'GET', '/user');
    at.clock.advance(90_000);
    const listed = await at.ask(dora, 'GET', tokens);
    expect(listed.json).toEqual([
      expect.objectContaining({ created_at: '2026-03-01T10:00:00Z', last_used_at: '2026-03-01T10:01:30Z' }),
    ]);
  });

  it.each([
    ['GET', '/user', 'read:user', 'read:repository'],
    ['GET', '/repos/acme/shop', 'read:repository', 'write:user'],
    ['PUT', '/repos/acme/shop/actions/secrets/A', 'write:repository', 'read:repository'],
    ['GET', '/admin/actions/jobs', 'read:admin', 'read:repository'],
    ['GET', '/orgs/acme/hooks', 'read:organization', 'read:repository'],
  ])('may %s %s with scope %s, not with %s', async (method, path, enough, tooLittle) => {
    const ask = (scope: string) =>
      at.ask(
        `token ${at.gitea.seedToken('root', scope, [scope])}`,
        method,
        path,
        method === 'PUT' ? { data: 'x' } : undefined,
      );
    const refused = await ask(tooLittle);
    expect(refused.status).toBe(403);
    expect(refused.text).toContain(`required=[${method === 'GET' ? 'read' : 'write'}:`);
    expect((await ask(enough)).status).not.toBe(403);
  });

  it('of a user who may not see a private repository get 404, of one who may not administer it 403', async () => {
    at.gitea.addRepository('acme/secret');
    at.gitea.addRepository('acme/open', { private: false });
    const token = `token ${at.gitea.seedToken('dora', 'all', ['all'])}`;
    expect((await at.ask(token, 'GET', '/repos/acme/secret')).status).toBe(404);
    expect((await at.ask(token, 'GET', '/repos/acme/open')).status).toBe(200);
    expect((await at.ask(token, 'GET', '/repos/acme/open/hooks')).status).toBe(403);
    expect((await at.ask(token, 'GET', '/repos/acme/shop/hooks')).status).toBe(200);
    expect((await at.ask(token, 'GET', '/admin/users')).status).toBe(403);
  });

  it('end with a new password only for whoever signs in by it', async () => {
    const edit = { source_id: 0, login_name: 'dora', password: 'brand-new-password' };
    expect((await at.ask(at.root, 'PATCH', '/admin/users/dora', edit)).status).toBe(200);
    expect((await at.ask(dora, 'GET', '/user')).status).toBe(401);
    expect((await at.ask(basic('dora', 'brand-new-password'), 'GET', '/user')).status).toBe(200);
    expect((await at.ask(at.root, 'PATCH', '/admin/users/dora', { ...edit, password: 'short' })).status).toBe(400);
    expect((await at.ask(at.root, 'PATCH', '/admin/users/dora', { password: 'brand-new-password' })).status).toBe(422);
  });

  it('are all told to a leak test, with passwords and hook secrets', async () => {
    const { token } = await create('deploy', ['read:user']);
    at.gitea.addWebhook('http://127.0.0.1:9/', 'hook-secret-value');
    expect(at.gitea.everySecret()).toEqual(expect.arrayContaining([token.sha1, 'dora-password', 'hook-secret-value']));
  });
});
