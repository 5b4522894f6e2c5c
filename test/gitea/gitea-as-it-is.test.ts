import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createClock } from '../../embedded/clock.ts';
import type { EmbeddedGitea, StartJob } from '../../embedded/gitea/embedded-gitea.ts';
import { startEmbeddedGitea } from '../../embedded/gitea/start-embedded-gitea.ts';
import { collectJobs } from '../../src/audit/collection/collect-jobs.ts';
import { jobCollection } from '../../src/audit/collection/job-collection.ts';
import { jobsOf } from '../../src/audit/collection/job-ledger.ts';
import { recordNamedJob } from '../../src/audit/collection/record-named-job.ts';
import { readLogReading, receiptsOf } from '../../src/audit/collection/receipt-ledger.ts';
import type { Job } from '../../src/audit/model/job.ts';
import { giteaClient } from '../../src/gitea/gitea-client.ts';
import { giteaJobFeed } from '../../src/gitea/gitea-job-feed.ts';
import { parseDeliveredJob } from '../../src/gitea/parse-delivered-job.ts';
import { verifyRuntimeToken } from '../../src/gitea/verify-runtime-token.ts';
import { instanceOf } from '../../src/provenance/job-numbers.ts';
import { formatReceiptLine } from '../../src/provenance/receipt-line.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { receipt } from '../audit/attribution-fixtures.ts';
import { memoryRecordStore } from '../memory-record-store.ts';

// What was measured on Gitea 1.26.3 with runner 1.0.8, each as its users met it.
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const march = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-04-01T00:00:00Z') };

interface World {
  readonly gitea: EmbeddedGitea;
  readonly records: RecordStore;
  readonly pass: () => ReturnType<typeof collectJobs>;
  readonly jobs: () => Promise<readonly Job[]>;
  readonly advance: (milliseconds: number) => void;
  readonly tools: Parameters<typeof collectJobs>[0];
}

async function start(
  options: {
    readonly reader?: boolean;
    readonly version?: string;
    readonly maxResponseItems?: number;
    readonly runner?: string;
    /** Answers a path itself instead of Gitea. */
    readonly instead?: (path: string) => { readonly status: number; readonly location?: string } | null;
  } = {},
): Promise<World> {
  const { reader = false, runner = '1.0.8', instead, ...settings } = options;
  const clock = createClock(new Date('2026-03-02T08:00:00Z'));
  clock.stand();
  const gitea = await startEmbeddedGitea({ clock, ...settings });
  stops.push(() => gitea.stop());
  gitea.addUser({ name: 'root', password: 'battery staple', administrator: true });
  gitea.addUser({ name: 'reader', password: 'battery staple' });
  gitea.addRepository('acme/shop', { private: false, administrators: ['root'] });
  gitea.addRepository('acme/blog', { private: false, administrators: ['root'] });
  gitea.addRunner({ name: 'runner-1', labels: ['prod'], version: runner });
  const scopes = reader ? ['read:repository'] : ['read:admin', 'read:repository'];
  const value = new SecretValue(gitea.seedToken(reader ? 'reader' : 'root', 'collector', scopes));
  const url = instead === undefined ? gitea.url : await proxied(gitea.url, instead);
  const feed = giteaJobFeed({ client: giteaClient({ url, authentication: { kind: 'token', value } }) });
  const records = memoryRecordStore();
  const now = () => clock.now();
  return {
    gitea,
    records,
    tools: { feed, records, now },
    pass: () => collectJobs({ feed, records, now }),
    async jobs() {
      const found: Job[] = [];
      for await (const job of jobsOf(records, march)) found.push(job);
      return found.sort((a, b) => a.jobId - b.jobId || a.attempt - b.attempt);
    },
    advance: (milliseconds) => clock.advance(milliseconds),
  };
}

/** Gitea behind something that answers some paths by itself. */
async function proxied(
  gitea: string,
  instead: (path: string) => { readonly status: number; readonly location?: string } | null,
): Promise<string> {
  const server = createServer((request, response) => {
    const own = instead(request.url ?? '');
    if (own !== null) {
      response.writeHead(own.status, own.location === undefined ? {} : { location: own.location });
      response.end();
      return;
    }
    const headers = { authorization: request.headers.authorization ?? '' };
    void fetch(`${gitea}${request.url ?? ''}`, { headers, redirect: 'manual' }).then(async (answer) => {
      const location = answer.headers.get('location');
      const type = answer.headers.get('content-type') ?? '';
      response.writeHead(answer.status, { 'content-type': type, ...(location === null ? {} : { location }) });
      response.end(await answer.text());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(() => new Promise((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

/** Matchers, typed. */
const containing = (text: string): unknown => expect.stringContaining(text);
const anything: unknown = expect.anything();

const shop: StartJob = { repository: 'acme/shop', name: 'deploy', runner: 'runner-1' };

describe('finding 1: a pull request of a stranger', () => {
  it('is known by its pull request: own no, own with its branch deleted no, fork yes, deleted fork yes, agit yes', async () => {
    const { gitea, pass, jobs } = await start();
    const repository = 'acme/shop';
    for (const from of ['own', 'own', 'fork', 'fork', 'agit'] as const)
      gitea.openPull({ repository, from, branch: 'feature', author: from === 'own' ? 'acme' : `stranger-${from}` });
    for (const pull of [2, 4]) gitea.deleteHead(repository, pull);
    for (let pull = 1; pull <= 5; pull += 1)
      for (const event of ['pull_request', 'pull_request_target']) gitea.startJob({ ...shop, pull, event }).finish();
    await pass();
    // Pull requests 3 and 4 came from one fork, which is gone now.
    expect((await jobs()).map(({ fork }) => fork)).toEqual([
      false,
      false,
      false,
      false,
      true,
      true,
      true,
      true,
      true,
      true,
    ]);
    expect(new Set((await jobs()).map(({ branch }) => branch))).toEqual(new Set(['feature', null]));
  });

  it.each([403, 404, 500])(
    'is unknown where Gitea answers %i for the pull request, and the reason is on record',
    async (status) => {
      const { gitea, pass, jobs } = await start({
        instead: (path) => (path.includes('/pulls/') ? { status } : null),
      });
      gitea.startJob({ ...shop, fork: true }).finish();
      expect(await pass()).toMatchObject({ jobs: 1, refusals: 0 });
      expect(await jobs()).toMatchObject([{ fork: 'unknown', forkUnknownBecause: containing('pulls/1') }]);
    },
  );

  it('becomes known once Gitea answers, and does not become unknown again', async () => {
    let refuses = true;
    const { gitea, pass, jobs, advance } = await start({
      instead: (path) => (refuses && path.includes('/pulls/') ? { status: 500 } : null),
    });
    gitea.startJob({ ...shop, fork: true });
    await pass();
    expect(await jobs()).toMatchObject([{ fork: 'unknown' }]);
    for (const refused of [false, true]) {
      refuses = refused;
      advance(300_000);
      await pass();
      expect(await jobs()).toMatchObject([{ fork: true, branch: 'change' }]);
      expect((await jobs())[0]).not.toHaveProperty('forkUnknownBecause');
    }
  });
});

describe('finding 2: a repository that is renamed or transferred while its job runs', () => {
  it.each(['acme/shop-renamed', 'beta/shop'])(
    'to %s does not end the collection, and the job ends under its first name',
    async (name) => {
      for (const reader of [false, true]) {
        const { gitea, pass, jobs, advance } = await start({ reader });
        const job = gitea.startJob(shop);
        await pass();
        gitea.renameRepository('acme/shop', name);
        advance(60_000);
        job.finish();
        gitea.startJob({ ...shop, repository: 'acme/blog' }).finish();
        expect(await pass()).toMatchObject({ refusals: 0 });
        expect(await jobs()).toMatchObject([
          { jobId: job.job.jobId, repository: 'acme/shop', status: 'completed' },
          { repository: 'acme/blog', status: 'completed' },
        ]);
      }
    },
  );

  it('is followed at most twice, for reads alone, and never to another origin', async () => {
    const asked: string[] = [];
    const stranger = await proxied('http://127.0.0.1:9', (path) => {
      asked.push(path);
      return { status: 200 };
    });
    const targets: Record<string, string> = {
      '/api/v1/elsewhere': `${stranger}/api/v1/user`,
      '/api/v1/outside': '/login',
      '/api/v1/loop': '/api/v1/loop',
    };
    let loops = 0;
    const url = await proxied('http://127.0.0.1:9', (path) => {
      if (path === '/api/v1/loop') loops += 1;
      return { status: 301, location: targets[path] ?? '/' };
    });
    const value = new SecretValue('a'.repeat(40));
    const client = giteaClient({ url, authentication: { kind: 'token', value } });
    for (const path of Object.keys(targets))
      await expect(client.request('GET', path)).rejects.toMatchObject({ code: 'GITEA_UNREACHABLE' });
    expect(loops).toBe(3);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const)
      await expect(client.request(method, '/api/v1/loop', { body: {} })).rejects.toMatchObject({
        code: 'GITEA_UNREACHABLE',
      });
    expect([loops, asked]).toEqual([7, []]);
  });

  it('goes on past one job that Gitea cannot tell, names it, and asks for it again', async () => {
    let broken = '/jobs/none';
    const { gitea, pass, jobs, records, advance } = await start({
      instead: (path) => (path.endsWith(broken) ? { status: 500 } : null),
    });
    const [first, second] = [gitea.startJob(shop), gitea.startJob(shop)];
    await pass();
    first.finish();
    second.finish();
    broken = `/jobs/${String(first.job.jobId)}`;
    advance(60_000);
    const told = await pass();
    expect(told).toMatchObject({ refusals: 1 });
    expect((await jobCollection(records))?.notRead).toMatchObject([
      {
        what: `job/${String(first.job.jobId)}`,
        name: containing('acme/shop'),
        why: containing('500'),
      },
    ]);
    expect((await jobs()).map(({ status }) => status)).toEqual(['in_progress', 'completed']);
    broken = '/jobs/none';
    expect(await pass()).toMatchObject({ refusals: 0 });
    expect((await jobs()).map(({ status }) => status)).toEqual(['completed', 'completed']);
  });
});

describe("finding 3: a token that is no administrator's", () => {
  it('collects the jobs that it may read although forks and repositories without Actions are visible', async () => {
    const { gitea, pass, jobs, records } = await start({ reader: true });
    gitea.addRepository('mallory/blog', { private: false, forkOf: 'acme/blog' });
    gitea.addRepository('acme/docs', { private: false, actions: false });
    gitea.startJob({ ...shop, repository: 'acme/blog' }).finish();
    expect(await pass()).toMatchObject({ jobs: 1, refusals: 0 });
    expect(await jobs()).toMatchObject([{ repository: 'acme/blog' }]);
    expect(await jobCollection(records)).toMatchObject({ notRead: [], completeTo: null });
  });

  it('names a repository whose jobs are refused, and reads it from where it stood once it may', async () => {
    let refused = true;
    const { gitea, pass, jobs, records, advance } = await start({
      reader: true,
      instead: (path) => (refused && path.startsWith('/api/v1/repos/acme/shop/actions/jobs') ? { status: 403 } : null),
    });
    gitea.startJob(shop).finish();
    gitea.startJob({ ...shop, repository: 'acme/blog' }).finish();
    expect(await pass()).toMatchObject({ refusals: 1 });
    const since = '2026-03-02T08:00:00.000Z';
    const notRead = [{ name: 'acme/shop', why: 'GITEA_ACCESS_DENIED (403)', lasting: true, since }];
    expect(await jobCollection(records)).toMatchObject({ notRead });
    advance(300_000);
    await pass();
    expect(await jobCollection(records)).toMatchObject({ notRead });
    refused = false;
    expect(await pass()).toMatchObject({ refusals: 0 });
    expect((await jobs()).map(({ repository }) => repository)).toEqual(['acme/shop', 'acme/blog']);
  });
});

describe('finding 4: a re-run before 1.27', () => {
  it('of less than a second between two passes is on record by its delivery, of which nothing but the id is believed', async () => {
    const { gitea, pass, jobs, tools, advance } = await start();
    const { jobId } = gitea.startJob(shop).finish();
    await pass();
    advance(60_000);
    gitea.rerun(jobId).finish('failure');
    const [known] = await jobs();
    const workflow_job = { id: jobId, run_attempt: 77, status: 'completed', conclusion: 'success' };
    const named = parseDeliveredJob({ workflow_job, repository: { id: known?.repositoryId, full_name: 'evil/name' } });
    if (named === null) throw new Error('The delivery names a job.');
    expect(await recordNamedJob(tools, named)).toMatchObject({ jobId });
    expect(await jobs()).toMatchObject([
      { attempt: 1, conclusion: 'success' },
      { attempt: 2, conclusion: 'failure', repository: 'acme/shop' },
    ]);
    expect(await recordNamedJob(tools, { jobId: 987_654, repositoryId: 1, repository: null })).toBe('not-there');
    expect(await jobs()).toHaveLength(2);
  });

  it('is recorded the moment a receipt of it is confirmed', async () => {
    const { gitea, jobs, tools } = await start();
    const { jobId } = gitea.startJob(shop).finish();
    const running = gitea.rerun(jobId);
    const named = { jobId, repositoryId: running.job.repository.id, repository: null };
    expect(await recordNamedJob(tools, named)).toMatchObject({ jobId });
    running.finish();
    expect((await jobs()).map(({ attempt, status, startedAt }) => [attempt, status, startedAt === null])).toEqual([
      [1, 'completed', true],
      [2, 'in_progress', false],
    ]);
  });

  it('closes the attempt whose row it took, so that a read an hour later is not within it', async () => {
    const { gitea, pass, jobs, advance } = await start();
    const first = gitea.startJob(shop);
    await pass();
    advance(60_000);
    first.finish();
    advance(1_000);
    gitea.rerun(first.job.jobId);
    advance(60_000);
    await pass();
    expect(await jobs()).toMatchObject([
      {
        attempt: 1,
        status: 'completed',
        conclusion: null,
        startedAt: '2026-03-02T08:00:00.000Z',
        completedAt: '2026-03-02T08:01:01.000Z',
        endedBetween: { after: '2026-03-02T08:00:00.000Z', before: '2026-03-02T08:01:01.000Z' },
      },
      { attempt: 2, status: 'in_progress' },
    ]);
  });

  it('that is queued says that the attempt before it has ended', async () => {
    const { gitea, pass, jobs, advance } = await start();
    const first = gitea.startJob(shop);
    await pass();
    first.finish();
    gitea.queueRerun(first.job.jobId);
    advance(60_000);
    await pass();
    expect((await jobs()).map(({ attempt, status, completedAt }) => [attempt, status, completedAt])).toEqual([
      [1, 'completed', '2026-03-02T08:01:00.000Z'],
      [2, 'queued', null],
    ]);
  });

  it('after a run that no pass has seen leaves that first attempt on record, its times unknown', async () => {
    const { gitea, pass, jobs } = await start();
    const { jobId } = gitea.startJob(shop).finish();
    gitea.rerun(jobId).finish();
    await pass();
    expect(await jobs()).toMatchObject([
      { attempt: 1, startedAt: null, status: 'completed', endedBetween: anything },
      { attempt: 2, conclusion: 'success' },
    ]);
  });

  it('from 1.27 on has a row of its own, and nothing is concluded about the others', async () => {
    const { gitea, pass, jobs } = await start({ version: '1.27.0' });
    const { jobId } = gitea.startJob(shop).finish();
    gitea.rerun(jobId).finish('failure');
    await pass();
    expect((await jobs()).map(({ attempt, conclusion }) => [attempt, conclusion])).toEqual([
      [1, 'success'],
      [2, 'failure'],
    ]);
  });
});

describe('a job that Gitea does not tell any more', () => {
  it('because its run was deleted is closed between the two looks', async () => {
    let deleted = false;
    const { gitea, pass, jobs, advance } = await start({
      instead: (path) => (deleted && /\/actions\/(jobs|runs)\/\d+$/.test(path) ? { status: 404 } : null),
    });
    gitea.startJob(shop);
    await pass();
    deleted = true;
    advance(60_000);
    expect(await pass()).toMatchObject({ unfinished: 0 });
    const endedBetween = { after: '2026-03-02T08:00:00.000Z', before: '2026-03-02T08:01:00.000Z' };
    expect(await jobs()).toMatchObject([{ status: 'completed', conclusion: null, endedBetween }]);
  });

  it('because its repository is gone may come back for a day, and is closed then', async () => {
    const { gitea, pass, jobs, advance } = await start();
    gitea.startJob(shop);
    await pass();
    gitea.deleteRepository('acme/shop');
    advance(60_000);
    expect(await pass()).toMatchObject({ unfinished: 1, refusals: 0 });
    expect(await jobs()).toMatchObject([{ status: 'in_progress' }]);
    advance(24 * 3_600_000);
    expect(await pass()).toMatchObject({ unfinished: 0 });
    expect(await jobs()).toMatchObject([{ status: 'completed', endedBetween: anything }]);
  });
});

describe("finding 5: a cancelled job's log", () => {
  const held = async (records: RecordStore) => {
    const whole: string[] = [];
    const found: string[] = [];
    for await (const { receipt: one } of receiptsOf(records, march, (key) => whole.push(key)))
      found.push(one.requests[0]?.id ?? '');
    return { found, whole };
  };

  it('is read again until it no longer grows, so that a receipt in its last rows is kept', async () => {
    const { gitea, pass, records, advance } = await start();
    const job = gitea.startJob(shop);
    job.cancel();
    expect(await pass()).toMatchObject({ logs: 1, receipts: 0, unfinished: 1 });
    advance(4_000);
    job.log(formatReceiptLine({ ...receipt(job.job.jobId, 'c1'), job: numbersOf(gitea, job.job) }));
    job.learnOfCancel();
    advance(11_000);
    expect(await pass()).toMatchObject({ receipts: 1, unfinished: 1 });
    expect(await held(records)).toEqual({ found: ['c1'], whole: [] });
    // The same again, but less than a minute after the end.
    expect(await pass()).toMatchObject({ unfinished: 1 });
    advance(60_000);
    expect(await pass()).toMatchObject({ receipts: 0, unfinished: 0 });
    expect((await held(records)).whole).toHaveLength(1);
  });

  it('from 1.27 on is read when the runner has stopped, and no receipt is confirmed while it is cancelled', async () => {
    const { gitea, pass, records, advance, jobs } = await start({ version: '1.27.0', runner: '3.2.0' });
    const job = gitea.startJob(shop);
    const token = new SecretValue(job.environment['ACTIONS_RUNTIME_TOKEN'] ?? '');
    expect(await verifyRuntimeToken(gitea.url, token)).toMatchObject({ jobId: job.job.jobId });
    job.cancel();
    expect(await verifyRuntimeToken(gitea.url, token)).toBeNull();
    expect(await pass()).toMatchObject({ logs: 0, unfinished: 1 });
    expect(await jobs()).toMatchObject([{ status: 'in_progress' }]);
    job.log(formatReceiptLine({ ...receipt(job.job.jobId, 'c1'), job: numbersOf(gitea, job.job) }));
    advance(4_000);
    job.learnOfCancel();
    expect(await pass()).toMatchObject({ receipts: 1 });
    expect(await jobs()).toMatchObject([{ status: 'completed', conclusion: 'cancelled' }]);
    expect((await held(records)).found).toEqual(['c1']);
  });

  it('that a re-run hides between two readings is kept as far as it was read, and marked as perhaps cut short', async () => {
    const { gitea, pass, jobs, records, advance } = await start();
    const job = gitea.startJob(shop);
    job.log(formatReceiptLine({ ...receipt(job.job.jobId, 'c1'), job: numbersOf(gitea, job.job) }));
    job.cancel();
    await pass();
    job.learnOfCancel();
    gitea.queueRerun(job.job.jobId);
    advance(120_000);
    await pass();
    const [first] = await jobs();
    if (first === undefined) throw new Error('The first attempt is on record.');
    expect(await readLogReading(records, first)).toMatchObject({ state: 'cut-short', receipts: [{ sequence: 1 }] });
    expect(await held(records)).toEqual({ found: ['c1'], whole: [] });
  });
});

describe('finding 9: a server whose pages are shorter', () => {
  it.each([1, 10, 49, 50, 100])(
    'than was asked for, %i rows, shows every job, those that run among them',
    async (maxResponseItems) => {
      const { gitea, pass, jobs } = await start({ maxResponseItems });
      for (let count = 0; count < 31; count += 1) {
        const job = gitea.startJob(shop);
        if (count >= 12) job.finish();
      }
      expect(await pass()).toMatchObject({ refusals: 0 });
      expect(await jobs()).toHaveLength(31);
      // Twelve of them below the mark, found by running alone.
      expect(await pass()).toMatchObject({ refusals: 0 });
      gitea.startJob(shop).finish();
      await pass();
      expect(await jobs()).toHaveLength(32);
    },
  );
});

function numbersOf(gitea: EmbeddedGitea, job: ReturnType<EmbeddedGitea['jobs']>[number]) {
  const { runId, jobId, taskId } = job;
  return { instance: instanceOf(gitea.url), repositoryId: job.repository.id, runId, jobId, taskId, attempt: 1 };
}
