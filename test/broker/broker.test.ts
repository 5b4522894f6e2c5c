import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readForJob } from '../../src/broker/read-for-job.ts';
import { readSession } from '../../src/broker/journal/session-journal.ts';
import { readBrokerHistory, readSessionLines } from '../../src/broker/history/broker-history.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { type GiteaClient, giteaClient } from '../../src/gitea/gitea-client.ts';
import { giteaJobFacts } from '../../src/gitea/gitea-job-facts.ts';
import type { JobFactsSource } from '../../src/broker/ports/job-facts.ts';
import type { SecretReader } from '../../src/broker/ports/secret-reader.ts';
import { makeJobKey, proveRequest } from '../../src/runner/broker/job-key.ts';
import { type BrokerWorld, startBrokerWorld, value } from './broker-world.ts';

let world: BrokerWorld;
beforeAll(async () => {
  world = await startBrokerWorld();
});
afterAll(async () => await world.stop());

const codesOf = (body: Record<string, unknown>) =>
  ((body['error'] as { because?: { code: string }[] }).because ?? []).map(({ code }) => code);
const codeOf = (body: Record<string, unknown>) => (body['error'] as { code: string }).code;
const history = async () => await readBrokerHistory(world.records, { from: new Date(0), to: new Date(4e12) });

describe('a job that the policy lets read', () => {
  it('gets the value, and the row of the vault has its numbers and the id that the journal names', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    const { status, body } = await world.read(session, key);
    expect([status, body['value']]).toEqual([200, value]);
    const read = (await history()).reads.find(({ job: { jobId } }) => jobId === job.job.jobId);
    expect(read).toMatchObject({ outcome: 'served', secret: 'db-password', requestId: body['requestId'] });
    expect(read?.job).toMatchObject({
      repository: 'shop/orders',
      workflow: 'deploy.yml',
      branch: 'main',
      protectedBranch: true,
    });
    const row = world.cloud.auditLog.rows().find((one) => one['CorrelationId'] === body['requestId']);
    expect(row?.['ClientInfo']).toContain(
      `j=${String(job.job.jobId)};t=${String(job.job.taskId)};n=${read?.nonce ?? ''}`,
    );
  });

  it('gets the same session again with the same key, as its later steps do', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    expect(await world.open(job, key)).toBe(await world.open(job, key));
    expect((await history()).secondKeys.filter(({ job: { jobId } }) => jobId === job.job.jobId)).toEqual([]);
  });

  it('leaves a journal whose head a pack states with the entry that it follows from', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    await world.read(session, key);
    const found: { journal: string; entries: number; head: string; lines: readonly string[] }[] = [];
    for await (const one of readSessionLines(world.records, new Date(0)))
      if (one.journal.endsWith(session)) found.push({ ...one });
    const { head, entries } = await readSession(world.records, session);
    expect(found).toMatchObject([{ journal: `broker/${session}`, entries: entries.length, head }]);
    expect(
      createHash('sha256')
        .update(found[0]?.lines.at(-1) ?? '')
        .digest('hex'),
    ).toBe(head);
  });

  it('is served by a second broker over the same records', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    expect((await world.second().read(session, key)).status).toBe(200);
  });

  it('gets every value when it asks for several at once', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    const other = world.second();
    const answers = await Promise.all([1, 2, 3, 4].map((n) => (n % 2 === 0 ? other : world).read(session, key)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const reads = (await history()).reads.filter(({ job: { jobId } }) => jobId === job.job.jobId);
    expect(new Set(reads.map(({ requestId }) => requestId)).size).toBe(4);
  });
});

describe('a job that the policy does not let read', () => {
  it.each([
    ['a secret of another namespace', { workflow: 'other.yml' }, 'deploy-key', ['outside-namespace']],
    ['a secret for protected branches, from another', { branch: 'feature/x' }, 'deploy-key', ['outside-namespace']],
    ['a secret that names no namespace', {}, 'nobody', ['no-namespace']],
    ['a secret that the policy does not bind', {}, 'unbound', ['secret-not-bound']],
    [
      'a secret of its namespace, from another repository',
      { repository: 'shop/other' },
      'db-password',
      ['outside-namespace'],
    ],
    ['the canary of Keyturn itself', {}, 'keyturn-canary', ['secret-of-keyturn', 'secret-not-bound']],
    ['a value that waits to be published', {}, 'rot-pending--db-password', ['secret-of-keyturn', 'secret-not-bound']],
    ['a secret, as a pull request of a fork', { fork: true }, 'db-password', ['outside-namespace']],
  ] as const)('is refused %s', async (_what, change, name, codes) => {
    const [job, key] = [world.startJob(change), makeJobKey()];
    const session = await world.open(job, key);
    const before = world.cloud.auditLog.rows().length;
    const { status, body } = await world.read(session, key, name);
    expect([status, codesOf(body)]).toEqual([403, codes]);
    expect(world.cloud.auditLog.rows()).toHaveLength(before);
    const refusal = (await history()).refusals.find(({ job: { jobId } }) => jobId === job.job.jobId);
    expect(refusal).toMatchObject({ secret: name, because: codes });
  });

  it('may read the secret for protected branches from one of them, with its workflow', async () => {
    const [job, key] = [world.startJob({ branch: 'release/1' }), makeJobKey()];
    expect((await world.read(await world.open(job, key), key, 'deploy-key')).status).toBe(200);
  });

  it('is refused more requests than a job may make, and they do not fill the archive', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    for (let sent = 0; sent < 10; sent += 1) expect((await world.read(session, key)).status).toBe(200);
    for (let sent = 0; sent < 5; sent += 1) {
      const { status, body } = await world.read(session, key);
      expect([status, codesOf(body)]).toEqual([403, ['too-many-reads']]);
    }
    expect((await history()).refusals.filter(({ job: { jobId } }) => jobId === job.job.jobId)).toHaveLength(1);
  });
});

describe('a job that has ended', () => {
  it('gets nothing more, and its session ends with it', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    job.finish();
    const { status, body } = await world.read(session, key);
    expect([status, codesOf(body)]).toEqual([403, ['job-ended']]);
    expect(codesOf((await world.read(session, key)).body)).toEqual(['job-ended']);
  });

  it('opens no session', async () => {
    const job = world.startJob();
    job.finish();
    const token = job.environment['ACTIONS_RUNTIME_TOKEN'] ?? '';
    const answer = await world.send({
      path: '/broker/sessions',
      body: { repository: 'shop/orders' },
      key: makeJobKey(),
      token,
    });
    expect([answer.status, codeOf(answer.body)]).toEqual([401, 'BROKER_JOB_NOT_CONFIRMED']);
  });
});

describe('a job whose circumstances change while it runs', () => {
  it('gets nothing more once its repository has another name, whatever the policy says of the old one', async () => {
    world.cloud.gitea.addRepository('shop/wanders');
    const [job, key] = [world.startJob({ repository: 'shop/wanders' }), makeJobKey()];
    const session = await world.open(job, key);
    world.cloud.gitea.renameRepository('shop/wanders', 'shop/wandered');
    const { status, body } = await world.read(session, key);
    expect([status, codesOf(body)]).toEqual([403, ['repository-moved', 'outside-namespace']]);
  });

  it('gets nothing by the session of an earlier attempt, where Gitea numbers no attempts', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    const { state } = await readSession(world.records, session);
    job.finish();
    world.cloud.clock.advance(5_000);
    world.cloud.gitea.rerun(job.job.jobId);
    // Gitea before 1.25, whose jobs have no `run_attempt`.
    const answered = await fetch(
      `${world.cloud.gitea.url}/api/v1/repos/shop/orders/actions/jobs/${String(job.job.jobId)}`,
      {
        headers: {
          authorization: `token ${world.cloud.gitea.seedToken('keyturn', randomUUID(), ['read:repository'])}`,
        },
      },
    );
    const { run_attempt: _number, ...without } = (await answered.json()) as Record<string, unknown>;
    const client = {
      url: world.cloud.gitea.url,
      request: async () => await Promise.resolve({ status: 200, headers: new Headers(), body: without }),
      pages: () => {
        throw new Error('no list is asked for');
      },
    };
    expect(without['status']).toBe('in_progress');
    if (state === null) throw new Error('there is no session');
    expect(await giteaJobFacts(client).standing(state.job)).toBe('ended');
  });

  it('gets no value that was under way when a second key ended its session', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    const [reader] = world.tools.readers.values();
    const slow: SecretReader = {
      read: async (...asked) => {
        await world.open(job, makeJobKey());
        if (reader === undefined) throw new Error('there is no reader');
        return await reader.read(...asked);
      },
    };
    const tools = { ...world.tools, readers: new Map([[world.cloud.vault.name, slow]]) };
    const proof = { key: (await readSession(world.records, session)).state?.key ?? '', id: 'under-way' };
    const secret = { vault: world.cloud.vault.name, name: 'db-password', version: null };
    await expect(readForJob(tools, { session, proof, secret })).rejects.toMatchObject({ code: 'BROKER_SECOND_KEY' });
    const { secondKeys } = await history();
    expect(secondKeys.find(({ job: { jobId } }) => jobId === job.job.jobId)?.served).toHaveLength(1);
  });
});

describe('a run of pull_request_target', () => {
  it('is on no protected branch, though it runs the workflow of one, because its code is a stranger’s', async () => {
    const { url } = world.cloud.gitea;
    const value = new SecretValue(world.cloud.gitea.seedToken('keyturn', randomUUID(), ['read:repository']));
    const client = giteaClient({ url, authentication: { kind: 'token', value } });
    const { job } = world.startJob();
    const event = 'pull_request_target';
    const request: GiteaClient['request'] = async (method, path, options) => {
      const answer = await client.request(method, path, options);
      if (!path.includes('/actions/runs/')) return answer;
      return { ...answer, body: { ...(answer.body as object), event, path: 'deploy.yml@refs/heads/main' } };
    };
    const asked = { runId: job.runId, jobId: job.jobId, repository: 'shop/orders' };
    const found = await giteaJobFacts({ ...client, request }).read(asked);
    expect(found?.facts).toMatchObject({ event, protectedBranch: false, fork: 'unknown' });
  });
});

describe('a job that asks too much', () => {
  it('has a limited number of requests under way, and Gitea is asked once for each', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    let asked = 0;
    const jobs = {
      ...world.tools.jobs,
      standing: async (one: Parameters<JobFactsSource['standing']>[0]) => {
        asked += 1;
        return await world.tools.jobs.standing(one);
      },
    };
    const proofKey = (await readSession(world.records, session)).state?.key ?? '';
    const secret = { vault: world.cloud.vault.name, name: 'deploy-key', version: null };
    const answers = await Promise.allSettled(
      Array.from({ length: 60 }, async (_, n) =>
        readForJob(
          { ...world.tools, jobs, mostRequests: 100 },
          { session, proof: { key: proofKey, id: `at-once-${String(n)}` }, secret },
        ),
      ),
    );
    const refused = answers.filter(({ status }) => status === 'rejected');
    expect([refused.length, asked]).toEqual([28, 32]);
    expect(refused[0]).toMatchObject({ reason: { code: 'BROKER_BUSY' } });
  });

  it('costs Gitea nothing once it has made all its requests', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    for (let sent = 0; sent < 10; sent += 1) await world.read(session, key);
    const away = { ...world.tools.jobs, standing: async () => await Promise.reject(new Error('it was asked')) };
    const proof = { key: (await readSession(world.records, session)).state?.key ?? '', id: 'one-more-1' };
    const secret = { vault: world.cloud.vault.name, name: 'db-password', version: null };
    expect(await readForJob({ ...world.tools, jobs: away }, { session, proof, secret })).toMatchObject({
      because: [{ code: 'too-many-reads' }],
    });
  });
});

describe('a thief', () => {
  it('with a stolen runtime token ends the session of the job, and both get nothing more', async () => {
    const [job, key, stolen] = [world.startJob(), makeJobKey(), makeJobKey()];
    const session = await world.open(job, key);
    expect((await world.read(session, key)).status).toBe(200);
    const token = job.environment['ACTIONS_RUNTIME_TOKEN'] ?? '';
    const answer = await world.send({
      path: '/broker/sessions',
      body: { repository: 'shop/orders' },
      key: stolen,
      token,
    });
    expect([answer.status, codeOf(answer.body)]).toEqual([409, 'BROKER_SECOND_KEY']);
    expect(codesOf((await world.read(session, key)).body)).toEqual(['session-ended']);
    expect((await world.read(session, stolen)).status).toBe(401);
    const found = (await history()).secondKeys.find(({ job: { jobId } }) => jobId === job.job.jobId);
    expect(found?.served).toEqual([`${world.cloud.vault.name}/db-password`]);
    expect(world.events).toContainEqual(expect.objectContaining({ kind: 'second-key', session }));
  });

  it('cannot use a request that was recorded, on any broker', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    const body = { session, vault: world.cloud.vault.name, name: 'db-password', version: null };
    const sent = { path: '/broker/reads', body, key, id: 'recorded-request-1' };
    expect((await world.send(sent)).status).toBe(200);
    expect((await world.send(sent)).status).toBe(401);
    expect((await world.second().send(sent)).status).toBe(401);
  });

  it.each([
    [
      'of another body',
      (url: string, key: ReturnType<typeof makeJobKey>, at: Date) =>
        proveRequest(key, { method: 'POST', url, body: '{}', at, id: 'another-body' }),
    ],
    [
      'of another route',
      (_url: string, key: ReturnType<typeof makeJobKey>, at: Date, body: string) =>
        proveRequest(key, {
          method: 'POST',
          url: 'http://localhost:7071/broker/sessions',
          body,
          at,
          id: 'another-route',
        }),
    ],
    [
      'of another method',
      (url: string, key: ReturnType<typeof makeJobKey>, at: Date, body: string) =>
        proveRequest(key, { method: 'GET', url, body, at, id: 'another-method' }),
    ],
    [
      'of an hour ago',
      (url: string, key: ReturnType<typeof makeJobKey>, at: Date, body: string) =>
        proveRequest(key, { method: 'POST', url, body, at: new Date(at.getTime() - 3_600_000), id: 'an-hour-ago' }),
    ],
    [
      'of another key',
      (url: string, _key: unknown, at: Date, body: string) =>
        proveRequest(makeJobKey(), { method: 'POST', url, body, at, id: 'another-key' }),
    ],
    [
      'without a signature',
      (url: string, key: ReturnType<typeof makeJobKey>, at: Date, body: string) =>
        `${proveRequest(key, { method: 'POST', url, body, at, id: 'unsigned' }).split('.').slice(0, 2).join('.')}.`,
    ],
  ])('gets nothing with a proof %s', async (_what, proofOf) => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    const body = { session, vault: world.cloud.vault.name, name: 'db-password', version: null };
    const proof = proofOf('http://localhost:7071/broker/reads', key, world.cloud.clock.now(), JSON.stringify(body));
    const before = world.cloud.auditLog.rows().length;
    const answer = await world.send({ path: '/broker/reads', body, proof });
    expect([answer.status, codeOf(answer.body)]).toEqual([401, 'BROKER_PROOF_REFUSED']);
    expect(world.cloud.auditLog.rows()).toHaveLength(before);
  });

  it('is told apart from a runner whose clock is wrong by a sentence that says so', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    const body = { session, vault: world.cloud.vault.name, name: 'db-password', version: null };
    for (const minutes of [-20, 20]) {
      const at = new Date(world.cloud.clock.now().getTime() + minutes * 60_000);
      const answer = await world.send({ path: '/broker/reads', body, key, at });
      expect([answer.status, JSON.stringify(answer.body)]).toEqual([
        401,
        expect.stringContaining('set the clock of the runner') as string,
      ]);
    }
  });

  it('with the token of a job of another repository gets the session of that job alone', async () => {
    const job = world.startJob({ repository: 'shop/other' });
    const answer = await world.send({
      path: '/broker/sessions',
      body: { repository: 'shop/orders' },
      key: makeJobKey(),
      token: job.environment['ACTIONS_RUNTIME_TOKEN'] ?? '',
    });
    expect([answer.status, codeOf(answer.body)]).toEqual([401, 'BROKER_JOB_NOT_CONFIRMED']);
  });
});

describe('a broker that cannot look', () => {
  it('gives nothing while Gitea is away, and says so', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    const away = { ...world.tools.jobs, standing: async () => await Promise.reject(unreachable) };
    const before = world.cloud.auditLog.rows().length;
    const request = { session, proof: { key: await keyOf(session), id: 'while-away' }, secret: wanted() };
    await expect(readForJob({ ...world.tools, jobs: away }, request)).rejects.toBe(unreachable);
    expect(world.cloud.auditLog.rows()).toHaveLength(before);
  });

  it('leaves the intent on record if it dies before the vault answers, with the nonce of the read', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    const stamps: string[] = [];
    const dying = {
      read: async (_secret: unknown, { userAgent }: { readonly userAgent: string }) => {
        stamps.push(userAgent);
        return await Promise.reject(new Error('the process died'));
      },
    };
    const readers = new Map([[world.cloud.vault.name, dying]]);
    const request = { session, proof: { key: await keyOf(session), id: 'dies-here' }, secret: wanted() };
    await expect(readForJob({ ...world.tools, readers }, request)).rejects.toThrow('the process died');
    const [read] = (await history()).reads.filter(({ job: { jobId } }) => jobId === job.job.jobId);
    expect(read).toMatchObject({ outcome: 'unanswered', requestId: null });
    expect(stamps[0]).toContain(`n=${read?.nonce ?? ''}`);
  });

  it('records what the vault refused, with the id of the request', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    world.cloud.vault.fault({ kind: 'throttle', method: 'GET', times: 1, retryAfterSeconds: 3 });
    const { status, body } = await world.read(session, key);
    expect([status, codeOf(body)]).toEqual([503, 'VAULT_THROTTLED']);
    const [read] = (await history()).reads.filter(({ job: { jobId } }) => jobId === job.job.jobId);
    expect(read?.outcome).toBe('failed');
  });

  const unreachable = new ServiceError('GITEA_UNREACHABLE', { gitea: 'http://localhost', reason: 'away' });
  const wanted = () => ({ vault: world.cloud.vault.name, name: 'db-password', version: null });
  const keyOf = async (session: string) => (await readSession(world.records, session)).state?.key ?? '';
});

describe('the journal of a session', () => {
  it('takes one outcome for a read, and none for a read that it does not know', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    await world.read(session, key);
    const journal = await readSession(world.records, session);
    for (const of of [2, 7]) {
      const facts = { act: 'failed', of, code: 'VAULT_UNREACHABLE', requestId: null } as const;
      await expect(world.tools.sessions.append(journal, { at: new Date(), facts })).rejects.toMatchObject({
        code: 'BROKER_ENTRY_REFUSED',
      });
    }
  });

  it('is refused if an entry was altered', async () => {
    const [job, key] = [world.startJob(), makeJobKey()];
    const session = await world.open(job, key);
    await world.read(session, key);
    const path = `broker/${session}/00002.json`;
    const stored = await world.records.read(path);
    const altered = Buffer.from(stored?.bytes ?? '')
      .toString()
      .replace('db-password', 'db-passwort');
    await world.records.replace(path, Buffer.from(altered), stored?.revision ?? '');
    const answer = await world.second().read(session, key);
    expect([answer.status, codeOf(answer.body)]).toEqual([503, 'RECORD_UNREADABLE']);
    await world.records.replace(
      path,
      stored?.bytes ?? new Uint8Array(),
      (await world.records.read(path))?.revision ?? '',
    );
    expect((await world.read(session, key)).status).toBe(200);
  });
});
