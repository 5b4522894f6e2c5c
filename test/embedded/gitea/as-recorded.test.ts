import { afterEach, describe, expect, it } from 'vitest';
import type { EmbeddedGiteaOptions } from '../../../embedded/gitea/start-embedded-gitea.ts';
import { allContents, basic, giteaUnderTest } from './gitea-under-test.ts';

// What Gitea 1.26.3 was seen to do, in small; the recording itself is compared whole where it is there.
let at: Awaited<ReturnType<typeof giteaUnderTest>>;
afterEach(() => at.gitea.stop());

async function start(options: Partial<EmbeddedGiteaOptions> = {}) {
  at = await giteaUnderTest(options);
  at.gitea.addRepository('acme/blog', { private: false });
  at.gitea.addUser({ name: 'reader', password: 'reader-password' });
  return at;
}

const read = (path: string, authorization = at.root) => at.ask(authorization, 'GET', path);
const readJob = async (id: number) => (await read(`/repos/acme/shop/actions/jobs/${String(id)}`)).json;
const readLog = (id: number) => read(`/repos/acme/shop/actions/jobs/${String(id)}/logs`);
const shopJob = { repository: 'acme/shop', name: 'deploy', runner: 'r1' };
const never = '1970-01-01T00:00:00Z';

describe('the attempts of one job row, before 1.27', () => {
  it('are counted when a runner takes the job, never while it is queued', async () => {
    await start();
    const { jobId } = at.gitea.queueJob(shopJob);
    const idle = { started_at: never, completed_at: never, steps: [] };
    expect(await readJob(jobId)).toMatchObject({ status: 'queued', run_attempt: 0, ...idle });
    expect(await readJob(jobId)).not.toHaveProperty('runner_id');
    const first = at.gitea.takeJob(jobId);
    expect(await readJob(jobId)).toMatchObject({ status: 'in_progress', run_attempt: 1, runner_name: 'r1' });
    first.finish();
    at.gitea.queueRerun(jobId);
    expect(await readJob(jobId)).toMatchObject({ status: 'queued', run_attempt: 1, ...idle });
    expect(await readJob(jobId)).not.toHaveProperty('conclusion');
    at.gitea.takeJob(jobId).finish('failure');
    expect(await readJob(jobId)).toMatchObject({ status: 'completed', run_attempt: 2, conclusion: 'failure' });
  });

  it('hide the log of the one before as soon as a re-run is queued', async () => {
    await start();
    const { jobId } = at.gitea.queueJob(shopJob);
    const missing = { errors: ['job not started'], message: 'not found' };
    expect(await readLog(jobId)).toMatchObject({ status: 404, json: missing });
    at.gitea.takeJob(jobId).finish();
    expect(await readLog(jobId)).toMatchObject({ status: 200 });
    at.gitea.queueRerun(jobId);
    expect(await readLog(jobId)).toMatchObject({ status: 404, json: missing });
  });

  it('tell a job that waits for another, or for approval, as waiting', async () => {
    await start();
    const { jobId } = at.gitea.queueJob({ ...shopJob, waits: true });
    expect(await readJob(jobId)).toMatchObject({ status: 'waiting', run_attempt: 0 });
    const stranger = at.gitea.queueJob({ ...shopJob, fork: true });
    expect(await readJob(stranger.jobId)).toMatchObject({ status: 'waiting' });
    at.gitea.approve(stranger.jobId);
    expect(await readJob(stranger.jobId)).toMatchObject({ status: 'queued' });
    const target = at.gitea.queueJob({ ...shopJob, fork: true, event: 'pull_request_target' });
    expect(await readJob(target.jobId)).toMatchObject({ status: 'queued' });
  });
});

describe('from 1.27 on', () => {
  it('each attempt has a row and a log of its own, counted from 1, and the run tells its pull requests', async () => {
    await start({ version: '1.27.0' });
    const first = at.gitea.startJob({ ...shopJob, fork: true });
    first.finish();
    const second = at.gitea.queueRerun(first.job.jobId);
    expect(second).toMatchObject({ attempt: 2, status: 'queued' });
    expect(second.jobId).not.toBe(first.job.jobId);
    expect(await readJob(first.job.jobId)).toMatchObject({ run_attempt: 1, status: 'completed' });
    expect((await readLog(first.job.jobId)).status).toBe(200);
    const run = (await read(`/repos/acme/shop/actions/runs/${String(first.job.runId)}`)).json;
    expect(run).toMatchObject({ run_attempt: 2, pull_requests: [{ number: 1 }] });
    expect(run).toHaveProperty('previous_attempt_url');
  });

  it('tell a cancelled job as in progress until its runner has said that it stopped, and take no receipt meanwhile', async () => {
    await start({ version: '1.27.0' });
    const job = at.gitea.startJob(shopJob);
    job.cancel();
    expect(await readJob(job.job.jobId)).toMatchObject({ status: 'in_progress' });
    job.log('late');
    const { ACTIONS_RUNTIME_TOKEN: token, ACTIONS_RUNTIME_URL: address } = job.environment;
    const route = `${address ?? ''}_apis/pipelines/workflows/${String(job.job.runId)}/artifacts`;
    expect((await fetch(route, { headers: { authorization: `Bearer ${token ?? ''}` } })).status).toBe(500);
    job.learnOfCancel();
    expect(await readJob(job.job.jobId)).toMatchObject({ status: 'completed', conclusion: 'cancelled' });
  });
});

describe('a cancel, before 1.27', () => {
  it('ends the job at once, while its log grows until the runner learns of it', async () => {
    await start();
    const job = at.gitea.startJob(shopJob);
    job.log('before');
    job.cancel();
    const ended = await readJob(job.job.jobId);
    expect(ended).toMatchObject({ status: 'completed', conclusion: 'cancelled' });
    const early = (await readLog(job.job.jobId)).text;
    at.clock.advance(4_000);
    job.log('after');
    job.learnOfCancel();
    const late = (await readLog(job.job.jobId)).text;
    expect(late.startsWith(early)).toBe(true);
    expect(allContents(late).slice(-4)).toContain('Job succeeded');
    expect(allContents(late)).toContain('after');
    expect(await readJob(job.job.jobId)).toEqual(ended);
  });
});

describe('pull requests', () => {
  it('are told apart by their head alone, nothing in run or job names it', async () => {
    await start();
    const { gitea } = at;
    const repository = 'acme/shop';
    const heads = async (number: number) => {
      const { json } = await read(`/repos/acme/shop/pulls/${String(number)}`);
      return json as { readonly head: { readonly repo: { readonly id: number } | null } };
    };
    for (const from of ['fork', 'own', 'agit'] as const) gitea.openPull({ repository, from, branch: from });
    expect((await heads(1)).head).toMatchObject({ label: 'fork', ref: 'fork', repo: { fork: true } });
    expect((await heads(1)).head.repo?.id).not.toBe(at.repository.id);
    expect((await heads(2)).head).toMatchObject({ label: 'own', ref: 'own', repo_id: at.repository.id });
    expect((await heads(3)).head).toMatchObject({ label: '', ref: 'refs/pull/3/head', repo: { id: at.repository.id } });
    for (const number of [1, 2]) gitea.deleteHead(repository, number);
    expect((await heads(1)).head).toMatchObject({ label: 'fork', ref: 'refs/pull/1/head', repo_id: -1, repo: null });
    expect((await heads(2)).head).toMatchObject({ label: 'own', ref: 'refs/pull/2/head', repo_id: at.repository.id });
    const job = gitea.startJob({ ...shopJob, pull: 1, event: 'pull_request_target', workflow: 'pr.yml' });
    const run = (await read(`/repos/acme/shop/actions/runs/${String(job.job.runId)}`)).json as object;
    expect(run).toMatchObject({ path: 'pr.yml@refs/pull/1/head', run_attempt: 0 });
    for (const absent of ['head_repository', 'repository_id', 'head_branch']) expect(run).not.toHaveProperty(absent);
    expect(await readJob(job.job.jobId)).not.toHaveProperty('head_branch');
    expect(job.environment).toMatchObject({ GITHUB_REF: 'refs/heads/main', GITHUB_HEAD_REF: 'refs/pull/1/head' });
  });
});

describe('names and rights', () => {
  it('redirect from a former name, relative and with the query, and give the present one by id', async () => {
    await start();
    at.gitea.renameRepository('acme/shop', 'acme/market');
    const url = `${at.gitea.url}/api/v1/repos/acme/shop/actions/jobs?page=1`;
    const answer = await fetch(url, { redirect: 'manual', headers: { authorization: at.root } });
    expect(answer.status).toBe(301);
    expect(answer.headers.get('location')).toBe('/api/v1/repos/acme/market/actions/jobs?page=1');
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect((await read(`/repositories/${String(at.repository.id)}`)).json).toMatchObject({ full_name: 'acme/market' });
  });

  it('refuse a reader the jobs of a repository without Actions, and show an administrator an empty list', async () => {
    await start();
    at.gitea.addRepository('acme/docs', { private: false, actions: false });
    at.gitea.addRepository('mallory/blog', { private: false, forkOf: 'acme/blog' });
    const reader = `token ${at.gitea.seedToken('reader', 'r', ['read:repository'])}`;
    for (const name of ['acme/docs', 'mallory/blog']) {
      expect((await read(`/repos/${name}/actions/jobs`, reader)).status).toBe(403);
      expect((await read(`/repos/${name}/actions/jobs`)).json).toEqual({ jobs: [], total_count: 0 });
    }
    expect((await read('/repos/acme/blog/actions/jobs', reader)).status).toBe(200);
    expect((await read('/repos/acme/shop/actions/jobs', reader)).status).toBe(404);
    expect((await at.ask(null, 'GET', '/repos/acme/shop/actions/jobs')).status).toBe(404);
  });

  it('lower a page size without a word, and tell the limit', async () => {
    await start({ maxResponseItems: 2 });
    for (let count = 0; count < 3; count += 1) at.gitea.startJob(shopJob).finish();
    const list = await read('/admin/actions/jobs?limit=50');
    expect(list.json).toMatchObject({ jobs: [{}, {}], total_count: 3 });
    expect(list.headers.get('link')).toContain('limit=50&page=2>; rel="next"');
    expect((await read('/settings/api')).json).toMatchObject({ max_response_items: 2 });
  });

  it('answer an unknown route with plain text, and what is missing with errors', async () => {
    await start();
    expect(await read('/nope')).toMatchObject({ status: 404, text: '404 page not found\n' });
    expect((await read('/repos/acme/none')).json).toMatchObject({ errors: null, message: 'not found' });
  });
});

describe('credentials', () => {
  it('answer 204 when a deploy key is deleted that is not there, 500 for the id of another repository', async () => {
    await start();
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBmQ5SVQGmMfCsBZM6bhbm6hKvT8jV5ZL1h1m5LkT3bB x';
    const made = await at.ask(at.root, 'POST', '/repos/acme/shop/keys', { title: 'one', key, read_only: true });
    expect(made.json).not.toHaveProperty('repository');
    const { id } = made.json as { id: number };
    expect((await at.ask(at.root, 'DELETE', `/repos/acme/blog/keys/${String(id)}`)).status).toBe(500);
    expect((await read(`/repos/acme/blog/keys/${String(id)}`)).status).toBe(404);
    for (let count = 0; count < 2; count += 1)
      expect((await at.ask(at.root, 'DELETE', `/repos/acme/shop/keys/${String(id)}`)).status).toBe(204);
    expect((await read(`/repos/acme/shop/keys/${String(id)}`)).status).toBe(404);
  });

  it('expand the events of a hook, and drop unknown ones', async () => {
    await start();
    const config = { url: 'http://127.0.0.1:9/h', content_type: 'json', secret: 'of-the-hook' };
    const events = async (named: readonly string[]) => {
      const body = { type: 'gitea', active: true, events: named, config };
      const made = await at.ask(at.root, 'POST', '/repos/acme/shop/hooks', body);
      return [...(made.json as { events: string[] }).events].sort((a, b) => (a < b ? -1 : 1));
    };
    expect(await events(['pull_request'])).toHaveLength(8);
    expect(await events(['issues'])).toHaveLength(5);
    expect(await events(['pull_request_only'])).toEqual(['pull_request']);
    expect(await events(['no_such_event'])).toEqual([]);
    expect(await events(['release', 'workflow_job', 'no_such_event'])).toEqual(['release', 'workflow_job']);
  });

  it('normalise the scopes of a token', async () => {
    await start();
    const scopes = async (name: string, wanted: readonly string[]) =>
      (
        (await at.ask(basic('root', 'root-password'), 'POST', '/users/dora/tokens', { name, scopes: wanted })).json as {
          scopes: unknown;
        }
      ).scopes;
    expect(await scopes('a', ['read:repository', 'write:repository'])).toEqual(['write:repository']);
    expect(await scopes('b', ['write:user', 'read:repository', 'read:issue'])).toEqual([
      'read:issue',
      'read:repository',
      'write:user',
    ]);
    expect(await scopes('c', ['read:user', 'public-only'])).toEqual(['public-only', 'read:user']);
  });

  it('take no password where Basic is off or the user has a second factor, but a token in its place, and set it all the same', async () => {
    await start({ basicAuthentication: false });
    expect((await read('/user', basic('dora', 'dora-password'))).json).toMatchObject({ message: 'token is required' });
    const token = at.gitea.seedToken('dora', 't', ['read:user']);
    expect((await read('/user', basic('dora', token))).status).toBe(200);
    const change = { login_name: 'dora', password: 'another-password' };
    expect((await at.ask(at.root, 'PATCH', '/admin/users/dora', change)).status).toBe(200);
    await at.gitea.stop();
    await start();
    at.gitea.addUser({ name: 'careful', password: 'careful-password', secondFactor: true });
    const refused = await read('/user', basic('careful', 'careful-password'));
    expect(refused).toMatchObject({ status: 401, json: { message: 'invalid username, password or token' } });
  });

  it('keep a carriage return in an Actions secret', async () => {
    await start();
    const path = '/repos/acme/shop/actions/secrets/LINES';
    expect((await at.ask(at.root, 'PUT', path, { data: 'a\r\nb\n' })).status).toBe(201);
    expect(at.gitea.everySecret()).toContain('a\r\nb\n');
  });
});
