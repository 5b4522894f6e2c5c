import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningJob } from '../../../embedded/gitea/embedded-gitea.ts';
import { giteaUnderTest } from './gitea-under-test.ts';

describe('a runtime token', () => {
  let at: Awaited<ReturnType<typeof giteaUnderTest>>;
  let job: RunningJob;
  beforeEach(async () => {
    at = await giteaUnderTest();
    job = at.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'r1' });
  });
  afterEach(async () => {
    await at.gitea.stop();
  });

  const tokenOf = (running: RunningJob) => running.environment['ACTIONS_RUNTIME_TOKEN'] ?? '';
  async function confirm(
    authorization: string | null,
    runId = job.job.runId,
    url = at.gitea.url,
    method = 'GET',
  ): Promise<number> {
    const path = `/api/actions_pipeline/_apis/pipelines/workflows/${String(runId)}/artifacts`;
    const response = await fetch(`${url}${path}`, { method, headers: authorization === null ? {} : { authorization } });
    await response.body?.cancel();
    return response.status;
  }

  it("names the task, the run and the job by Gitea's own ids", () => {
    const claims = JSON.parse(Buffer.from(tokenOf(job).split('.')[1] ?? '', 'base64url').toString()) as Record<
      string,
      unknown
    >;
    const { taskId, runId, jobId } = job.job;
    const from = Date.parse('2026-03-01T10:00:00Z') / 1000;
    expect(claims).toMatchObject({ TaskID: taskId, RunID: runId, JobID: jobId, nbf: from, exp: from + 4 * 3600 });
    expect(claims['scp']).toBe(`Actions.Results:${String(runId)}:${String(jobId)}`);
  });

  it('is confirmed while its task runs, and no longer', async () => {
    expect(await confirm(`Bearer ${tokenOf(job)}`)).toBe(404);
    const token = tokenOf(job);
    job.finish();
    expect(await confirm(`Bearer ${token}`)).toBe(500);
  });

  it('is confirmed for its own run alone', async () => {
    const other = at.gitea.startJob({ repository: 'acme/shop', name: 'other', runner: 'r1' });
    expect(await confirm(`Bearer ${tokenOf(job)}`, other.job.runId)).toBe(400);
  });

  it('needs the header in its form', async () => {
    expect(await confirm(null)).toBe(401);
    expect(await confirm(`token ${tokenOf(job)}`)).toBe(401);
  });

  it('is refused when a claim was changed, when another Gitea signed it, and when its time is over', async () => {
    const [header = '', payload = '', signature = ''] = tokenOf(job).split('.');
    const claims = Buffer.from(payload, 'base64url')
      .toString()
      .replace(/"JobID":\d+/, '"JobID":1');
    const forged = [header, Buffer.from(claims).toString('base64url'), signature].join('.');
    expect(await confirm(`Bearer ${forged}`)).toBe(500);
    const other = await giteaUnderTest();
    expect(await confirm(`Bearer ${tokenOf(job)}`, job.job.runId, other.gitea.url)).toBe(500);
    await other.gitea.stop();
    at.clock.advance(4 * 3600 * 1000);
    expect(await confirm(`Bearer ${tokenOf(job)}`)).toBe(500);
  });

  it('of an earlier attempt ends with it', async () => {
    const token = tokenOf(job);
    job.finish('failure');
    const again = at.gitea.rerun(job.job.jobId);
    expect(await confirm(`Bearer ${token}`, again.job.runId)).toBe(500);
    expect(await confirm(`Bearer ${tokenOf(again)}`, again.job.runId)).toBe(404);
  });

  it("meets 404 on a run without artifacts where Gitea's own listing is reproduced, and only when it is good", async () => {
    const strict = await giteaUnderTest();
    const running = strict.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'r1' });
    const token = tokenOf(running);
    expect(await confirm(`Bearer ${token}`, running.job.runId, strict.gitea.url)).toBe(404);
    expect(await confirm(`Bearer ${token}`, running.job.runId + 1, strict.gitea.url)).toBe(400);
    // Asking where an artifact would be uploaded makes nothing, and answers 200 with or without artifacts.
    expect(await confirm(`Bearer ${token}`, running.job.runId, strict.gitea.url, 'POST')).toBe(200);
    running.finish();
    expect(await confirm(`Bearer ${token}`, running.job.runId, strict.gitea.url)).toBe(500);
    expect(await confirm(`Bearer ${token}`, running.job.runId, strict.gitea.url, 'POST')).toBe(500);
    await strict.gitea.stop();
  });
});
