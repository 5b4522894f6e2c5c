import { afterEach, describe, expect, it } from 'vitest';
import { createClock } from '../../embedded/clock.ts';
import type { RunningJob } from '../../embedded/gitea/embedded-gitea.ts';
import { startEmbeddedGitea } from '../../embedded/gitea/start-embedded-gitea.ts';
import { giteaClient } from '../../src/gitea/gitea-client.ts';
import { giteaJobFeed } from '../../src/gitea/gitea-job-feed.ts';
import { parseWorkflowJob } from '../../src/gitea/parse-workflow-job.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { type FeedUnderTest, jobFeedContract } from '../contracts/job-feed.contract.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function world(scopes: readonly string[], administrator = true, version = '1.26.3'): Promise<FeedUnderTest> {
  const gitea = await startEmbeddedGitea({ clock: createClock(new Date('2026-03-02T08:00:00Z')), version });
  stops.push(() => gitea.stop());
  gitea.addUser({ name: 'root', password: 'battery staple', administrator });
  gitea.addUser({ name: 'acme', password: 'battery staple' });
  gitea.addRepository('acme/shop', { administrators: ['root'] });
  gitea.addRepository('acme/blog', { administrators: ['root'] });
  gitea.addRunner({ name: 'runner-1', labels: ['prod'] });
  const value = new SecretValue(gitea.seedToken('root', 'collector', scopes));
  const running = new Map<number, RunningJob>();
  const keep = (job: RunningJob) => {
    running.set(job.job.jobId, job);
    return job.job.jobId;
  };
  return {
    feed: giteaJobFeed({ client: giteaClient({ url: gitea.url, authentication: { kind: 'token', value } }) }),
    startJob: ({ repository = 'acme/shop', fork = false } = {}) =>
      keep(gitea.startJob({ repository, fork, name: 'deploy', runner: 'runner-1' })),
    logLine: (jobId, line) => running.get(jobId)?.log(line),
    finish: (jobId) => void running.get(jobId)?.finish('success'),
    rerun: (jobId) => keep(gitea.rerun(jobId)),
    oneRow: !version.startsWith('1.27'),
  };
}

jobFeedContract("Gitea, a site administrator's token", () => world(['read:repository', 'read:admin']));
jobFeedContract('Gitea, a token that may not see the whole site', () => world(['read:repository'], false));

jobFeedContract('Gitea 1.27', () => world(['read:repository', 'read:admin'], true, '1.27.0'));

describe('the job feed of Gitea', () => {
  it('rejects when Gitea does not let it in', async () => {
    const { feed } = await world(['read:user'], false);
    const first = feed.jobs({ marks: {}, named: [] })[Symbol.asyncIterator]();
    await expect(first.next()).rejects.toMatchObject({ code: 'GITEA_ACCESS_DENIED' });
  });
});

describe("a job in Gitea's JSON", () => {
  const around = {
    instance: 'aaaaaaaa',
    repositoryId: 1,
    repository: 'acme/shop',
    event: 'push',
    workflow: 'deploy.yml',
    fork: false,
    forkUnknownBecause: null,
    branch: 'main',
    hasAttemptRows: false,
    known: 'api',
  } as const;
  const json = {
    id: 7,
    run_id: 3,
    run_attempt: 2,
    status: 'queued',
    created_at: '2026-03-02T08:00:00Z',
    labels: ['prod'],
  };

  it('has not begun at the zero time', () => {
    const zero = { started_at: '1970-01-01T00:00:00Z', completed_at: '1970-01-01T00:00:00Z' };
    // Queued with the number of the attempt that has ended.
    expect(parseWorkflowJob({ ...json, ...zero }, around)).toMatchObject({
      endedBefore: 2,
      job: { attempt: 3, startedAt: null, completedAt: null },
    });
  });

  it.each([
    ['id', { ...json, id: 'seven' }],
    ['run_id', { ...json, run_id: 0 }],
    ['status', { ...json, status: 'dreaming' }],
    ['created_at', { ...json, created_at: null }],
    ['id', null],
  ])('is refused by the name of what is wrong: %s', (fault, value) => {
    expect(parseWorkflowJob(value, around)).toEqual({ fault });
  });
});
