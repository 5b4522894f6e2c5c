import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readForJob } from '../../src/broker/read-for-job.ts';
import { readSession } from '../../src/broker/journal/session-journal.ts';
import { readBrokerHistory } from '../../src/broker/history/broker-history.ts';
import { ServiceError } from '../../src/service-error.ts';
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
    const away = { ...world.tools.jobs, isRunning: async () => await Promise.reject(unreachable) };
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
    const answer = await world.read(session, key);
    expect([answer.status, codeOf(answer.body)]).toEqual([503, 'RECORD_UNREADABLE']);
    await world.records.replace(
      path,
      stored?.bytes ?? new Uint8Array(),
      (await world.records.read(path))?.revision ?? '',
    );
    expect((await world.read(session, key)).status).toBe(200);
  });
});
