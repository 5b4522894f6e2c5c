import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic, giteaUnderTest } from './gitea-under-test.ts';
import { readContract } from './published-contract.ts';
import { contractsAreHere, unlessContractsAreAbsent } from '../../published-contracts.ts';

type UnderTest = Awaited<ReturnType<typeof giteaUnderTest>>;

describe("the embedded Gitea's answers", unlessContractsAreAbsent, () => {
  const contract = contractsAreHere ? readContract() : null;
  let at: UnderTest;
  let ids: { run: number; job: number };

  beforeAll(async () => {
    at = await giteaUnderTest();
    const ended = at.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'r1' });
    await ended.execute(['true']);
    ids = { run: ended.job.runId, job: ended.job.jobId };
    ended.finish();
    at.gitea.startJob({ repository: 'acme/shop', name: 'check', runner: 'r1', event: 'pull_request', fork: true });
  });

  afterAll(async () => {
    await at.gitea.stop();
  });

  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBmQ5SVQGmMfCsBZM6bhbm6hKvT8jV5ZL1h1m5LkT3bB deploy';
  const hook = {
    type: 'gitea',
    active: true,
    config: { url: 'http://127.0.0.1:9/h', content_type: 'json', secret: 'hook-secret' },
  };
  const asPassword = basic('root', 'root-password');
  const shop = '/repos/acme/shop';
  const cases: readonly (readonly [method: string, path: string | (() => string), status: number, body?: unknown])[] = [
    ['GET', '/version', 200],
    ['GET', '/user', 200],
    ['GET', '/users/dora', 200],
    ['POST', '/users/root/tokens', 201, { name: 'shaped', scopes: ['read:user'] }],
    ['GET', '/users/root/tokens', 200],
    ['DELETE', '/users/root/tokens/shaped', 204],
    ['GET', '/admin/users', 200],
    ['PATCH', '/admin/users/dora', 200, { source_id: 0, login_name: 'dora', password: 'another-password' }],
    ['GET', '/repos/search', 200],
    ['GET', '/user/repos', 200],
    ['GET', shop, 200],
    ['POST', `${shop}/keys`, 201, { title: 'deploy', key, read_only: true }],
    ['GET', `${shop}/keys`, 200],
    ['GET', `${shop}/keys/1`, 200],
    ['DELETE', `${shop}/keys/1`, 204],
    ['POST', `${shop}/hooks`, 201, { ...hook, events: ['push'] }],
    ['GET', `${shop}/hooks`, 200],
    ['PATCH', `${shop}/hooks/1`, 200, { active: false }],
    ['POST', `${shop}/hooks/1/tests`, 204],
    ['DELETE', `${shop}/hooks/1`, 204],
    ['POST', `${shop}/labels`, 201, { name: 'keyturn', color: '#c2410c', description: 'kept' }],
    ['GET', `${shop}/labels`, 200],
    ['POST', `${shop}/issues`, 201, { title: 'a call', body: 'somebody is needed', labels: [1] }],
    ['GET', `${shop}/issues?state=all&type=issues&labels=keyturn`, 200],
    ['GET', `${shop}/issues/2`, 200],
    ['POST', `${shop}/issues/2/comments`, 201, { body: 'still' }],
    ['GET', `${shop}/issues/2/comments`, 200],
    ['PATCH', `${shop}/issues/2`, 201, { state: 'closed' }],
    ['POST', '/admin/hooks', 201, { ...hook, config: { ...hook.config, is_system_webhook: 'true' } }],
    ['GET', '/admin/hooks', 200],
    ['DELETE', '/admin/hooks/2', 204],
    ['POST', '/orgs/acme/hooks', 201, hook],
    ['GET', '/orgs/acme/hooks', 200],
    ['DELETE', '/orgs/acme/hooks/3', 204],
    ['PUT', `${shop}/actions/secrets/TOKEN`, 201, { data: 'first' }],
    ['PUT', `${shop}/actions/secrets/token`, 204, { data: 'second' }],
    ['GET', `${shop}/actions/secrets`, 200],
    ['DELETE', `${shop}/actions/secrets/TOKEN`, 204],
    ['PUT', '/orgs/acme/actions/secrets/TOKEN', 201, { data: 'first' }],
    ['GET', '/orgs/acme/actions/secrets', 200],
    ['GET', `${shop}/actions/runs`, 200],
    ['GET', () => `${shop}/actions/runs/${String(ids.run)}`, 200],
    ['GET', () => `${shop}/actions/runs/${String(ids.run)}/jobs`, 200],
    ['GET', `${shop}/actions/jobs`, 200],
    ['GET', () => `${shop}/actions/jobs/${String(ids.job)}`, 200],
    ['GET', () => `${shop}/actions/jobs/${String(ids.job + 100)}`, 404],
    ['GET', `${shop}/actions/tasks`, 200],
    ['GET', `${shop}/actions/runners`, 200],
    ['GET', '/admin/actions/runs', 200],
    ['GET', '/admin/actions/jobs', 200],
    ['GET', '/admin/actions/runners', 200],
    ['GET', '/admin/actions/runners/1', 200],
    ['PATCH', '/admin/actions/runners/1', 200, { disabled: false }],
    ['GET', '/admin/actions/jobs?status=nonsense', 400],
    ['DELETE', () => `${shop}/actions/runs/${String(ids.run)}`, 204],
  ];

  it.each(cases.map((one) => ({ one })))('have the published status, properties and types ($one)', async ({ one }) => {
    const [method, path, status, body] = one;
    const where = typeof path === 'string' ? path : path();
    const answer = await at.ask(asPassword, method, where, body);
    expect(answer.status, answer.text).toBe(status);
    // Error bodies are described as headers, which swagger has no other word for here.
    const shown = status >= 400 ? null : answer.json;
    expect(contract?.faults(method, where.split('?')[0] ?? '', status, shown)).toEqual([]);
    // `errors` is in many of the real server's answers and in none of the description's.
    const members = Object.keys((answer.json ?? {}) as object).filter((member) => member !== 'errors');
    if (status >= 400) expect(members).toEqual(['message', 'url']);
  });

  it('would be found out: the check refuses a wrong type, an unknown name and a wrong status', () => {
    expect(contract?.faults('GET', '/version', 200, { version: 1 })).toHaveLength(1);
    expect(contract?.faults('GET', '/version', 200, { versions: '1' })).toHaveLength(1);
    expect(contract?.faults('GET', '/version', 418, null)).toHaveLength(1);
  });
});
