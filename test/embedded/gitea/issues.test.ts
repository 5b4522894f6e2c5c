import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { basic, giteaUnderTest } from './gitea-under-test.ts';

describe('issues', () => {
  let at: Awaited<ReturnType<typeof giteaUnderTest>>;
  const dora = basic('dora', 'dora-password');
  const shop = '/repos/acme/shop';
  beforeEach(async () => {
    at = await giteaUnderTest();
    at.gitea.addUser({ name: 'guest', password: 'guest-password' });
  });
  afterEach(async () => {
    await at.gitea.stop();
  });

  const numbers = async (query: string) =>
    ((await at.ask(dora, 'GET', `${shop}/issues?${query}`)).json as { number: number }[]).map(({ number }) => number);

  it('are counted together with pull requests, listed newest first by state and label', async () => {
    await at.ask(dora, 'POST', `${shop}/labels`, { name: 'keyturn', color: 'ff0000' });
    at.gitea.openPull({ repository: 'acme/shop', from: 'own' });
    for (const [title, labels] of [
      ['one', [1]],
      ['two', []],
      ['three', [1, 99]],
    ] as const)
      expect((await at.ask(dora, 'POST', `${shop}/issues`, { title, labels })).status).toBe(201);
    await at.ask(dora, 'PATCH', `${shop}/issues/4`, { state: 'closed' });
    expect(await numbers('type=issues')).toEqual([3, 2]);
    expect(await numbers('state=closed')).toEqual([4]);
    expect(await numbers('state=all&labels=keyturn')).toEqual([4, 2]);
    // Gitea leaves out names of labels that it does not know.
    expect(await numbers('state=all&labels=unknown')).toEqual([4, 3, 2]);
  });

  it('of a caller who may not write get no label, and only their author or a writer edits them', async () => {
    at.gitea.addRepository('acme/open', { private: false, administrators: ['dora'] });
    const shop = '/repos/acme/open';
    await at.ask(dora, 'POST', `${shop}/labels`, { name: 'keyturn', color: 'ff0000' });
    const guest = basic('guest', 'guest-password');
    const made = await at.ask(guest, 'POST', `${shop}/issues`, { title: 'mine', labels: [1] });
    expect(made.json).toMatchObject({ labels: [], user: { login: 'guest' } });
    await at.ask(dora, 'POST', `${shop}/issues`, { title: 'hers' });
    expect((await at.ask(guest, 'PATCH', `${shop}/issues/1`, { state: 'closed' })).status).toBe(201);
    expect((await at.ask(guest, 'PATCH', `${shop}/issues/2`, { state: 'closed' })).status).toBe(403);
    expect((await at.ask(guest, 'POST', `${shop}/labels`, { name: 'x', color: 'ff0000' })).status).toBe(403);
    expect((await at.ask(null, 'GET', `${shop}/issues`)).status).toBe(401);
  });

  it('need the scope of issues, and refuse what is incomplete with 422', async () => {
    const scoped = (scope: string) => `token ${at.gitea.seedToken('dora', scope, [scope])}`;
    const issue = { title: 'a call' };
    expect((await at.ask(scoped('write:repository'), 'POST', `${shop}/issues`, issue)).status).toBe(403);
    expect((await at.ask(scoped('read:issue'), 'POST', `${shop}/issues`, issue)).status).toBe(403);
    expect((await at.ask(scoped('write:issue'), 'POST', `${shop}/issues`, issue)).status).toBe(201);
    expect((await at.ask(dora, 'POST', `${shop}/issues`, { body: 'no title' })).status).toBe(422);
    expect((await at.ask(dora, 'POST', `${shop}/issues/1/comments`, { body: '' })).status).toBe(422);
    expect((await at.ask(dora, 'POST', `${shop}/labels`, { name: 'x', color: 'red' })).status).toBe(422);
    expect((await at.ask(dora, 'GET', `${shop}/issues/9`)).status).toBe(404);
  });
});
