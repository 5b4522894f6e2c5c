import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createClock } from '../../../embedded/clock.ts';
import { startEmbeddedGitea } from '../../../embedded/gitea/start-embedded-gitea.ts';
import { asker, basic, giteaUnderTest } from './gitea-under-test.ts';

describe('a Gitea with a state file', () => {
  let folder: string;
  let data: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gitea-state-'));
    data = join(folder, 'gitea.json');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('knows after a restart its users, tokens, jobs, logs and secrets, and gives no id twice', async () => {
    const first = await giteaUnderTest({ data });
    const token = first.gitea.seedToken('dora', 'kept', ['read:repository']);
    await first.ask(first.root, 'PUT', '/repos/acme/shop/actions/secrets/API', { data: 'actions-secret-value' });
    const job = first.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'r1' });
    job.log('kept line');
    job.finish();
    await first.gitea.stop();

    const second = await startEmbeddedGitea({ clock: createClock(), data });
    const ask = asker(second.url);
    expect((await ask(`token ${token}`, 'GET', '/repos/acme/shop')).status).toBe(200);
    expect((await ask(basic('dora', 'dora-password'), 'GET', '/user')).status).toBe(200);
    expect(second.logOf(job.job.jobId)).toContain('kept line');
    const next = second.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'r1' });
    expect([next.job.jobId, next.job.runId, next.job.runNumber]).toEqual([job.job.jobId + 1, job.job.runId + 1, 2]);
    next.log('says actions-secret-value');
    expect(second.logOf(next.job.jobId)).toContain('says ***');
    await second.stop();
  });

  it('keeps no password, token or secret in clear text', async () => {
    const { gitea, ask, root } = await giteaUnderTest({ data });
    gitea.addWebhook('http://127.0.0.1:9/', 'webhook-secret-value');
    await ask(root, 'PUT', '/repos/acme/shop/actions/secrets/API', { data: 'actions-secret-value' });
    const job = gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'r1' });
    job.log(`token ${job.environment['ACTIONS_RUNTIME_TOKEN'] ?? ''}`);
    await gitea.stop();
    const kept = readFileSync(data, 'utf8');
    expect(gitea.everySecret().length).toBeGreaterThan(5);
    expect(gitea.everySecret().filter((secret) => secret !== '' && kept.includes(secret))).toEqual([]);
  });

  it('finds a job that ran when the server ended to have failed', async () => {
    const first = await giteaUnderTest({ data });
    const job = first.gitea.startJob({ repository: 'acme/shop', name: 'deploy', runner: 'r1' });
    await first.gitea.stop();
    const second = await startEmbeddedGitea({ clock: createClock(), data });
    expect(second.jobs()).toEqual([
      expect.objectContaining({ jobId: job.job.jobId, status: 'completed', conclusion: 'failure' }),
    ]);
    await second.stop();
  });
});
