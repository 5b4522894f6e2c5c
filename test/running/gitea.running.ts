import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collectJobs } from '../../src/audit/collection/collect-jobs.ts';
import { jobCollection } from '../../src/audit/collection/job-collection.ts';
import { jobsOf } from '../../src/audit/collection/job-ledger.ts';
import { receiptsOf } from '../../src/audit/collection/receipt-ledger.ts';
import { recordNamedJob } from '../../src/audit/collection/record-named-job.ts';
import type { Job } from '../../src/audit/model/job.ts';
import type { GiteaAccount, JobFactsSource, JobStanding } from '../../src/broker/ports/job-facts.ts';
import { giteaClient } from '../../src/gitea/gitea-client.ts';
import { giteaJobFacts } from '../../src/gitea/gitea-job-facts.ts';
import { giteaJobFeed } from '../../src/gitea/gitea-job-feed.ts';
import { jsonProperties } from '../../src/gitea/json-properties.ts';
import { parseDeliveredJob } from '../../src/gitea/parse-delivered-job.ts';
import { type RuntimeTokenNumbers, verifyRuntimeToken } from '../../src/gitea/verify-runtime-token.ts';
import { isSignedByGitea } from '../../src/gitea/webhook-signature.ts';
import { instanceOf } from '../../src/provenance/job-numbers.ts';
import { formatReceiptLine } from '../../src/provenance/receipt-line.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { createOpenId } from '../../src/web/sign-in/open-id.ts';
import { receipt } from '../audit/attribution-fixtures.ts';
import { prepareSite, type RunningGitea, runningGitea } from '../issuers/running-gitea.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { skipUnless } from '../skip-unless.ts';
import { sessionsUnderTest } from '../web/sign-in/sessions-under-test.ts';

const running = runningGitea();
if (running === null) throw new Error('Run it as npm run test:gitea -- --url URL --admin USER:PASSWORD.');
const { url, admin }: RunningGitea = running;
const now = () => new Date();
const everything = { from: new Date('2020-01-01T00:00:00Z'), to: new Date(Date.now() + 86_400_000) };

/** The label of a runner that takes jobs, or `null`: then what needs a job is skipped. */
const label = await runnerLabel();
const discovery = (await fetch(`${url}/.well-known/openid-configuration`)).status;

const records = memoryRecordStore();
let feed: ReturnType<typeof giteaJobFeed>;
let brokerJobs: ReturnType<typeof giteaJobFacts>;
beforeAll(async () => {
  const site = await prepareSite(running, { bot: 'bot-password-of-the-test-4711', deployer: 'deployer-password-1234' });
  const value = new SecretValue(await site.seedToken('bot', 'collector', ['read:admin', 'read:repository']));
  feed = giteaJobFeed({ client: giteaClient({ url, authentication: { kind: 'token', value } }) });
  const narrow = new SecretValue(await site.seedToken('bot', 'broker', ['read:repository']));
  brokerJobs = giteaJobFacts(giteaClient({ url, authentication: { kind: 'token', value: narrow } }));
});

async function jobs(): Promise<readonly Job[]> {
  const found: Job[] = [];
  for await (const job of jobsOf(records, everything)) found.push(job);
  return found;
}

/** Asks again every second until the answer is there. */
async function until<Answer>(what: string, ask: () => Promise<Answer | null>): Promise<Answer> {
  for (let tries = 0; tries < 90; tries += 1) {
    const answer = await ask();
    if (answer !== null) return answer;
    await wait(1_000);
  }
  throw new Error(`After 90 seconds: ${what}.`);
}

describe('this Gitea', () => {
  it('is of a version whose API lists jobs', async () => {
    const { body } = await admin.request('GET', '/api/v1/version');
    const version = String(jsonProperties(body).get('version'));
    const [major = 0, minor = 0] = version.split('.').map(Number);
    expect(major > 1 || minor >= 25, version).toBe(true);
  });

  it('tells all its jobs to the collector, and refuses it none', async () => {
    const told = await collectJobs({ feed, records, now });
    expect((await jobCollection(records))?.notRead).toEqual([]);
    const { body } = await admin.request('GET', '/api/v1/admin/actions/jobs', { query: { limit: 1 } });
    expect(told.jobs).toBeGreaterThanOrEqual(Number(jsonProperties(body).get('total_count')));
  }, 600_000);

  it('confirms no runtime token that it did not sign, and asks for one', async () => {
    const claims = Buffer.from(JSON.stringify({ TaskID: 1, RunID: 1, JobID: 1 })).toString('base64url');
    expect(await verifyRuntimeToken(url, new SecretValue(`e30.${claims}.${'A'.repeat(43)}`))).toBeNull();
    const path = '/api/actions_pipeline/_apis/pipelines/workflows/1/artifacts';
    expect((await fetch(`${url}${path}`)).status).toBe(401);
  });
});

describe('sign-in', skipUnless(discovery === 200, 'this server has no OpenID discovery'), () => {
  it("sends people to this Gitea's own page, which takes the request", async () => {
    const publicUrl = 'http://127.0.0.1:9';
    const body = { name: 'keyturn-tests', redirect_uris: [`${publicUrl}/sign-in/callback`], confidential_client: true };
    const made = jsonProperties((await admin.request('POST', '/api/v1/user/applications/oauth2', { body })).body);
    const openId = createOpenId({
      issuer: url,
      clientId: String(made.get('client_id')),
      clientSecret: () => Promise.resolve(new SecretValue(String(made.get('client_secret')))),
      publicUrl,
      scope: 'openid profile groups',
      roleClaim: { name: 'groups', values: { auditor: ['acme:auditors'], operator: [] }, ignoresCase: true },
      ...sessionsUnderTest(now),
      now,
    });
    try {
      const location = (await openId.begin('/')).headers.get('location') ?? '';
      expect(location.startsWith(`${url}/`)).toBe(true);
      expect((await fetch(location, { redirect: 'manual' })).status).toBeLessThan(400);
    } finally {
      await admin.request('DELETE', `/api/v1/user/applications/oauth2/${String(made.get('id'))}`);
    }
  });
});

describe('a job on its runner', skipUnless(label !== null, 'this Gitea has no runner that is online'), () => {
  const hookSecret = new SecretValue(randomBytes(24).toString('hex'));
  const seen: {
    readonly numbers: RuntimeTokenNumbers | null;
    readonly token: SecretValue;
    readonly recorded: boolean;
    /** What the broker is told of the job while it runs. */
    readonly facts: Awaited<ReturnType<JobFactsSource['read']>>;
    readonly standing: JobStanding | null;
    readonly author: GiteaAccount | null;
  }[] = [];
  let isProtected = false;
  const deliveries: { readonly body: Uint8Array; readonly signature: string | null }[] = [];
  let receiver: Awaited<ReturnType<typeof startReceiver>>;

  beforeAll(async () => {
    receiver = await startReceiver({ onJob, onDelivery: (delivery) => deliveries.push(delivery) });
    const config = { url: `${receiver.url}/hook`, content_type: 'json', secret: hookSecret.reveal() };
    const hook = { type: 'gitea', active: true, events: ['workflow_job'], config };
    await admin.request('POST', '/api/v1/repos/acme/shop/hooks', { body: hook });
    const rule = { rule_name: 'main', enable_push: true };
    const made = await admin.request('POST', '/api/v1/repos/acme/shop/branch_protections', { body: rule });
    // The double makes no rule over its API; a real Gitea must.
    expect([201, 404]).toContain(made.status);
    isProtected = made.status === 201;
    const script = `curl -sf --max-time 60 -H "Authorization: Bearer $ACTIONS_RUNTIME_TOKEN" ${receiver.url}/job`;
    const workflow = `on: push\njobs:\n  proof:\n    runs-on: ${label ?? ''}\n    steps:\n      - run: |\n          ${script}\n`;
    const content = Buffer.from(workflow).toString('base64');
    const path = '/api/v1/repos/acme/shop/contents/.gitea/workflows/proof.yml';
    const { status } = await admin.request('POST', path, { body: { content, message: 'Prove a job', branch: 'main' } });
    expect(status).toBe(201);
  });
  afterAll(() => receiver.stop());

  /** What the service does with a posted receipt, at the moment at which the job's token is there; answers the line for its log. */
  async function onJob(token: SecretValue): Promise<string> {
    const numbers = await verifyRuntimeToken(url, token);
    const repository = jsonProperties((await admin.request('GET', '/api/v1/repos/acme/shop')).body);
    const repositoryId = Number(repository.get('id'));
    const named = { jobId: numbers?.jobId ?? 0, repositoryId, repository: null };
    const recorded = numbers !== null && typeof (await recordNamedJob({ feed, records, now }, named)) === 'object';
    const facts =
      numbers === null
        ? null
        : await brokerJobs.read({ runId: numbers.runId, jobId: numbers.jobId, repository: 'acme/shop' });
    const standing = facts === null ? null : await brokerJobs.standing(facts.facts);
    const commit = facts?.facts.commit ?? null;
    const author = commit === null ? null : await brokerJobs.authorOf({ repository: 'acme/shop', commit });
    seen.push({ numbers, token, recorded, facts, standing, author });
    if (numbers === null) return '';
    const job = { instance: instanceOf(url), repositoryId, attempt: seen.length, ...numbers };
    return formatReceiptLine({ ...receipt(numbers.jobId, `c${String(seen.length)}`), job });
  }

  it('proves itself by its runtime token while it runs, is recorded at once, and its receipt is found in its log', async () => {
    const first = await until('no job has come with its token', () => Promise.resolve(seen[0] ?? null));
    expect(first.numbers).not.toBeNull();
    expect(first.recorded).toBe(true);
    const ended = await until('the job has not ended', async () => {
      await collectJobs({ feed, records, now });
      const found = (await jobs()).find(
        ({ jobId, status }) => jobId === first.numbers?.jobId && status === 'completed',
      );
      return found ?? null;
    });
    expect(ended).toMatchObject({ repository: 'acme/shop', attempt: 1, event: 'push', fork: false, branch: 'main' });
    expect(await verifyRuntimeToken(url, first.token)).toBeNull();
    await until('its receipt is not in its log', async () => {
      await collectJobs({ feed, records, now });
      for await (const one of receiptsOf(records, everything)) if (one.log?.jobId === ended.jobId) return one;
      return null;
    });
  }, 240_000);

  it('is told to the broker with its branch, its workflow, its commit and who is behind it, while it runs', async () => {
    const first = await until('no job has come with its token', () => Promise.resolve(seen[0] ?? null));
    const { body } = await admin.request('GET', '/api/v1/user');
    const person = { id: jsonProperties(body).get('id'), login: jsonProperties(body).get('login') };
    expect(first.facts).toMatchObject({
      isRunning: true,
      facts: {
        repository: 'acme/shop',
        event: 'push',
        branch: 'main',
        protectedBranch: isProtected,
        fork: false,
        workflow: 'proof.yml',
        commit: expect.stringMatching(/^[0-9a-f]{40}/) as string,
        triggeredBy: person,
      },
    });
    expect([first.standing, first.author]).toEqual(['running', person]);
    const ended = await until('the job has not ended', async () =>
      first.facts !== null && (await brokerJobs.standing(first.facts.facts)) === 'ended' ? 'ended' : null,
    );
    expect(ended).toBe('ended');
  }, 240_000);

  it('is told by signed deliveries that name it', async () => {
    const delivery = await until('no delivery has come', () => Promise.resolve(deliveries[0] ?? null));
    expect(isSignedByGitea(delivery.body, delivery.signature, hookSecret)).toBe(true);
    const named = parseDeliveredJob(JSON.parse(Buffer.from(delivery.body).toString('utf8')));
    expect(named).toMatchObject({ jobId: seen[0]?.numbers?.jobId, repository: 'acme/shop' });
  }, 120_000);

  it('that is run again is kept attempt by attempt', async () => {
    const runId = seen[0]?.numbers?.runId ?? 0;
    const { status } = await admin.request('POST', `/api/v1/repos/acme/shop/actions/runs/${String(runId)}/rerun`);
    // Gitea before 1.26 has no such route.
    expect([201, 404]).toContain(status);
    if (status === 404) return;
    await until('the second attempt has not ended', async () => {
      await collectJobs({ feed, records, now });
      const ended = (await jobs()).filter((job) => job.runId === runId && job.status === 'completed');
      return ended.length === 2 ? ended : null;
    });
    const attempts = (await jobs()).filter((job) => job.runId === runId).map(({ attempt }) => attempt);
    expect(attempts.sort((a, b) => a - b)).toEqual([1, 2]);
  }, 240_000);
});

async function runnerLabel(): Promise<string | null> {
  const { body } = await admin.request('GET', '/api/v1/admin/actions/runners');
  const runners = jsonProperties(body).get('runners');
  const online = (Array.isArray(runners) ? runners : [])
    .map(jsonProperties)
    .find((one) => one.get('status') !== 'offline');
  const labels = online?.get('labels');
  const [first] = Array.isArray(labels) ? labels.map(jsonProperties) : [];
  const name = first?.get('name');
  return typeof name === 'string' ? name : null;
}

/** Takes a job's token and a hook's deliveries, on this machine. */
async function startReceiver(ports: {
  onJob(token: SecretValue): Promise<string>;
  onDelivery(delivery: { readonly body: Uint8Array; readonly signature: string | null }): void;
}) {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { authorization = '', 'x-gitea-signature': signature } = request.headers;
      if (request.url === '/hook') {
        ports.onDelivery({ body: Buffer.concat(parts), signature: typeof signature === 'string' ? signature : null });
        response.end();
        return;
      }
      void ports.onJob(new SecretValue(authorization.replace('Bearer ', ''))).then((line) => response.end(`${line}\n`));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
