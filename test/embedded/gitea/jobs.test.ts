import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { giteaUnderTest } from './gitea-under-test.ts';

interface JobJson {
  readonly id: number;
  readonly run_attempt: number;
  readonly status: string;
  readonly conclusion?: string;
  readonly started_at: string;
  readonly completed_at: string;
}

const jobsOf = (answer: { readonly json: unknown }) => (answer.json as { jobs: JobJson[] }).jobs;

describe('jobs', () => {
  let at: Awaited<ReturnType<typeof giteaUnderTest>>;
  beforeEach(async () => {
    at = await giteaUnderTest();
  });
  afterEach(async () => {
    await at.gitea.stop();
  });

  const start = (name = 'deploy') => at.gitea.startJob({ repository: 'acme/shop', name, runner: 'r1' });
  const read = (path: string) => at.ask(at.root, 'GET', path);

  it('tell times in whole seconds, and 1970 for what has not happened', async () => {
    const running = start();
    const url = `/repos/acme/shop/actions/jobs/${String(running.job.jobId)}`;
    expect((await read(url)).json).toMatchObject({
      status: 'in_progress',
      started_at: '2026-03-01T10:00:00Z',
      completed_at: '1970-01-01T00:00:00Z',
    });
    expect((await read(url)).json).not.toHaveProperty('conclusion');
    at.clock.advance(61_000);
    expect(running.finish('failure')).toMatchObject({ status: 'completed', conclusion: 'failure' });
    const ended = await read(url);
    expect(ended.json).toMatchObject({
      status: 'completed',
      conclusion: 'failure',
      completed_at: '2026-03-01T10:01:01Z',
    });
    expect(ended.headers.get('date')).toBe('Sun, 01 Mar 2026 10:01:01 GMT');
  });

  it('name no repository, no task and no workflow key outside their addresses', async () => {
    const { job } = start();
    const names = Object.keys((await read(`/repos/acme/shop/actions/jobs/${String(job.jobId)}`)).json as object);
    expect(names).not.toEqual(expect.arrayContaining(['repository']));
    expect(names.filter((name) => /task|repo|key/.test(name))).toEqual([]);
  });

  it('come in pages of 30 and never more than 50, with the total and the next page', async () => {
    for (let count = 0; count < 64; count += 1) start().finish();
    const first = await read('/admin/actions/jobs');
    expect(jobsOf(first)).toHaveLength(30);
    expect(first.headers.get('x-total-count')).toBe('64');
    expect(first.headers.get('link')).toContain(`<${at.gitea.url}/api/v1/admin/actions/jobs?page=2>; rel="next"`);
    const large = await read('/admin/actions/jobs?limit=1000');
    expect(jobsOf(large)).toHaveLength(50);
    const last = await read('/admin/actions/jobs?limit=50&page=2');
    expect(jobsOf(last)).toHaveLength(14);
    expect(last.headers.get('link')).not.toContain('rel="next"');
    const ids = [...jobsOf(large), ...jobsOf(last)].map((job) => job.id);
    expect(ids).toEqual(at.gitea.jobs().map((job) => job.jobId));
    expect(jobsOf(await read('/admin/actions/jobs?page=9'))).toEqual([]);
  });

  it('are filtered by status, and an unknown status is refused', async () => {
    start().finish('cancelled');
    const running = start();
    expect(jobsOf(await read('/repos/acme/shop/actions/jobs?status=in_progress')).map((job) => job.id)).toEqual([
      running.job.jobId,
    ]);
    expect(jobsOf(await read('/repos/acme/shop/actions/jobs?status=in_progress&status=cancelled'))).toHaveLength(2);
    expect((await read('/repos/acme/shop/actions/jobs?status=gone')).status).toBe(400);
  });

  it('of one run share its id; runs are numbered per repository', async () => {
    const leg = start('test (20)');
    const other = at.gitea.startJob({ repository: 'acme/shop', name: 'test (22)', runner: 'r1', run: leg.job.runId });
    at.gitea.addRepository('acme/blog');
    const elsewhere = at.gitea.startJob({ repository: 'acme/blog', name: 'build', runner: 'r1' });
    expect(other.job.runId).toBe(leg.job.runId);
    expect(other.environment['GITHUB_JOB']).toBe(leg.environment['GITHUB_JOB']);
    expect(jobsOf(await read(`/repos/acme/shop/actions/runs/${String(leg.job.runId)}/jobs`))).toHaveLength(2);
    expect([elsewhere.job.runNumber, start().job.runNumber]).toEqual([1, 2]);
  });

  it("keep their id when they are run again before Gitea 1.27, and their log is the new task's", async () => {
    const first = start();
    first.log('first attempt');
    first.finish('failure');
    at.clock.advance(60_000);
    const second = at.gitea.rerun(first.job.jobId);
    expect(second.job).toMatchObject({ jobId: first.job.jobId, attempt: 2 });
    expect(second.job.taskId).not.toBe(first.job.taskId);
    second.log('second attempt');
    second.finish();
    const row = (await read(`/repos/acme/shop/actions/jobs/${String(first.job.jobId)}`)).json;
    expect(row).toMatchObject({ run_attempt: 2, conclusion: 'success', started_at: '2026-03-01T10:01:00Z' });
    expect(at.gitea.logOf(first.job.jobId)).toContain('second attempt');
    expect(at.gitea.logOf(first.job.jobId)).not.toContain('first attempt');
    expect(at.gitea.jobs()).toHaveLength(1);
  });

  it('get a row of their own when they are run again since Gitea 1.27', async () => {
    const newer = await giteaUnderTest({ version: '1.27.0' });
    const first = newer.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'r1' });
    first.log('first attempt');
    first.finish('failure');
    const second = newer.gitea.rerun(first.job.jobId);
    expect(second.job.jobId).not.toBe(first.job.jobId);
    expect(second.job).toMatchObject({ runId: first.job.runId, attempt: 2 });
    expect(newer.gitea.logOf(first.job.jobId)).toContain('first attempt');
    const run = `/repos/acme/shop/actions/runs/${String(first.job.runId)}`;
    const attempt = async (number: number) =>
      jobsOf(await newer.ask(newer.root, 'GET', `${run}/attempts/${String(number)}/jobs`)).map((job) => job.id);
    expect([await attempt(1), await attempt(2)]).toEqual([[first.job.jobId], [second.job.jobId]]);
    await newer.gitea.stop();
  });

  it('have their log as plain text, time-stamped, in a file named by the task', async () => {
    const running = start();
    running.log('hello');
    const log = await read(`/repos/acme/shop/actions/jobs/${String(running.job.jobId)}/logs`);
    expect(log.headers.get('content-type')).toContain('text/plain');
    expect(log.headers.get('content-disposition')).toContain(`-${String(running.job.taskId)}.log"`);
    const rows = log.text.trimEnd().split('\n');
    expect(rows.every((row) => row.startsWith('2026-03-01T10:00:00.7500000Z '))).toBe(true);
    expect(rows.at(-1)).toBe('2026-03-01T10:00:00.7500000Z hello');
    expect((await read('/repos/acme/shop/actions/jobs/1/logs')).status).toBe(404);
  });

  it('can be erased with their run once it has ended, by an administrator of the repository', async () => {
    const running = start();
    const run = `/repos/acme/shop/actions/runs/${String(running.job.runId)}`;
    expect((await at.ask(at.root, 'DELETE', run)).status).toBe(400);
    running.finish();
    expect((await at.ask(at.root, 'DELETE', run)).status).toBe(204);
    expect((await read(`/repos/acme/shop/actions/jobs/${String(running.job.jobId)}/logs`)).status).toBe(404);
  });

  it('refuse lines and commands after they have ended', async () => {
    const ended = start();
    ended.finish();
    expect(() => ended.log('late')).toThrow(/has ended/);
    await expect(ended.execute(['true'])).rejects.toThrow(/has ended/);
    expect(() => ended.finish()).toThrow(/has ended/);
  });
});
