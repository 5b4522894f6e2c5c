import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BrokerTools } from '../../src/broker/broker-tools.ts';
import { readBrokerHistory } from '../../src/broker/history/broker-history.ts';
import { readSession } from '../../src/broker/journal/session-journal.ts';
import { givePlaceholders } from '../../src/broker/use/give-placeholders.ts';
import { useForJob } from '../../src/broker/use/use-for-job.ts';
import type { UseHead } from '../../src/provenance/use-exchange.ts';
import { answerRequest } from '../../src/grants/answer-request.ts';
import { makeJobKey } from '../../src/runner/broker/job-key.ts';
import { ServiceError } from '../../src/service-error.ts';
import { startUseWorld, type UseWorld } from './use-world.ts';

const value = 'hT7"q\\2/kP+9w=Zs';

let world: UseWorld;
let numbers = 0;
beforeAll(async () => {
  world = await startUseWorld({ value, mostUses: 200 });
});
afterAll(async () => await world.stop());
afterEach(() => world.service.answer((_arrived, response) => response.end('done')));

const entries = async (of: UseWorld = world) => (await readSession(of.records, of.session)).entries;
const newest = async (of: UseWorld = world) => (await entries(of)).at(-1)?.facts;
const bearer = async (of: UseWorld = world) =>
  [['authorization', `Bearer ${await of.placeholder('db-password')}`]] as const;

/** Asks past the web application, with other tools. */
async function askWith(change: Partial<BrokerTools>, of: UseWorld = world, head: Partial<UseHead> = {}) {
  numbers += 1;
  const id = `asked-with-${String(numbers)}`;
  const { key = '' } = (await readSession(of.records, of.session)).state ?? {};
  const headers = head.headers ?? (await bearer(of));
  return await useForJob(
    { ...of.tools, ...change },
    {
      session: of.session,
      proof: { key, id },
      head: { method: 'GET', url: `${of.service.url}/v1/items`, headers, length: 0 },
      body: nothing(),
    },
  );
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A GET has no body.
}

describe('a use fails closed', () => {
  it('while Gitea is away', async () => {
    const arrived = world.service.arrived.length;
    const away = new ServiceError('GITEA_UNREACHABLE', { gitea: 'http://localhost', reason: 'away' });
    const jobs = { ...world.tools.jobs, standing: async () => await Promise.reject(away) };
    await expect(askWith({ jobs })).rejects.toBe(away);
    expect(world.service.arrived.length).toBe(arrived);
  });

  it('while the vault is away or refuses, and the attempt is on record', async () => {
    const arrived = world.service.arrived.length;
    world.cloud.vault.fault({ kind: 'throttle', method: 'GET', times: 1, retryAfterSeconds: 3 });
    expect(await world.use({ headers: await bearer() })).toMatchObject({ status: 503, codes: ['VAULT_THROTTLED'] });
    expect(await newest()).toMatchObject({ act: 'used', status: null, code: 'VAULT_THROTTLED' });
    expect(world.service.arrived.length).toBe(arrived);
  });

  it('while the records are away: nothing is read and nothing is sent', async () => {
    const arrived = world.service.arrived.length;
    const rows = world.cloud.auditLog.rows().length;
    const lost = new ServiceError('RECORD_STORE_UNREACHABLE', { store: 'memory', reason: 'lost' });
    const sessions = { ...world.tools.sessions, append: async () => await Promise.reject(lost) };
    await expect(askWith({ sessions })).rejects.toBe(lost);
    expect([world.service.arrived.length, world.cloud.auditLog.rows().length]).toEqual([arrived, rows]);
  });

  it('if a second key ends the session while the vault is read', async () => {
    const of = await startUseWorld();
    const [reader] = [...of.tools.readers.values()];
    const readers = new Map(
      [...of.tools.readers.keys()].map((name) => [
        name,
        {
          read: async (...asked: Parameters<NonNullable<typeof reader>['read']>) => {
            const journal = await readSession(of.records, of.session);
            await of.tools.sessions.append(journal, { at: new Date(), facts: { act: 'second-key', key: 'another' } });
            if (reader === undefined) throw new Error('no reader');
            return await reader.read(...asked);
          },
        },
      ]),
    );
    await expect(askWith({ readers }, of)).rejects.toMatchObject({ code: 'BROKER_SECOND_KEY' });
    expect(of.service.arrived).toEqual([]);
    expect(await newest(of)).toMatchObject({ act: 'used', code: 'BROKER_SECOND_KEY' });
    await of.stop();
  });

  it('if the upstream does not show who it is: nothing is sent', async () => {
    const of = await startUseWorld({ trusted: false });
    expect(await of.use({ headers: await bearer(of) })).toMatchObject({
      status: 502,
      codes: ['UPSTREAM_NOT_VERIFIED'],
    });
    expect(of.service.arrived).toEqual([]);
    expect(await newest(of)).toMatchObject({ act: 'used', status: null, code: 'UPSTREAM_NOT_VERIFIED' });
    await of.stop();
  });

  it('if the host has an address that the use does not open', async () => {
    const headers = await bearer();
    const url = `https://127.0.0.1:${String(world.service.port)}/v1/items`;
    expect(await world.use({ url, headers })).toMatchObject({ status: 502, codes: ['UPSTREAM_ADDRESS_REFUSED'] });
  });

  it.each(['ends a header\r\nX-Admin: 1', 'K\u00f6ln and more', 'abc'])(
    'for a value that cannot stand in a header or be found in an answer: %j',
    async (unfit) => {
      const of = await startUseWorld({ value: unfit });
      expect(await of.use({ headers: await bearer(of) })).toMatchObject({ status: 502, codes: ['VALUE_NOT_USABLE'] });
      expect(of.service.arrived).toEqual([]);
      await of.stop();
    },
  );

  it('when its job has ended, and a placeholder is given no more', async () => {
    const of = await startUseWorld();
    const headers = await bearer(of);
    of.endJob();
    expect(await of.use({ headers })).toMatchObject({ status: 403, codes: ['job-ended'] });
    expect((await of.askForPlaceholders(['db-password'])).status).toBe(403);
    expect(of.service.arrived).toEqual([]);
    await of.stop();
  });

  it('beyond the limit of a job, which is on record once', async () => {
    const of = await startUseWorld({ mostUses: 2 });
    for (const status of [200, 200, 403, 403]) expect((await of.use({})).status).toBe(status);
    expect((await of.use({})).codes).toEqual(['too-many-uses']);
    expect((await entries(of)).filter(({ facts }) => facts.act === 'use-refused')).toHaveLength(1);
    await of.stop();
  });

  it('for a session that its key did not sign', async () => {
    const stranger = { ...world, key: makeJobKey() };
    const { proveRequest } = await import('../../src/runner/broker/job-key.ts');
    const { encodeHead } = await import('../../src/provenance/use-exchange.ts');
    const body = encodeHead({ method: 'GET', url: `${world.service.url}/v1/items`, headers: [], length: 0 });
    const at = world.cloud.clock.now();
    const url = 'http://localhost:7071/broker/uses';
    const proof = proveRequest(stranger.key, { method: 'POST', url, body, at, id: 'of-a-stranger' });
    expect(await world.use({}, { proof })).toMatchObject({ status: 401, codes: ['BROKER_PROOF_REFUSED'] });
  });
});

describe('an answer that nobody reads', () => {
  it('is let go of, and its use is on record as one that the job left', async () => {
    let closed: () => void = () => undefined;
    const gone = new Promise<void>((done) => {
      closed = done;
    });
    world.service.answer((_arrived, response) => {
      response.write('the beginning of much');
      response.on('close', closed);
    });
    const answer = await askWith({});
    if (answer.kind !== 'answered') throw new Error('it was refused');
    await answer.body[Symbol.asyncIterator]().return?.();
    await gone;
    expect(await newest()).toMatchObject({ act: 'used', status: 200, code: 'JOB_LEFT', bytesIn: 0 });
  });

  it('counts as under way until its end', async () => {
    world.service.answer((_arrived, response) => response.end('done'));
    const headers = await bearer();
    const answers = await Promise.all(Array.from({ length: 32 }, async () => await askWith({}, world, { headers })));
    await expect(askWith({}, world, { headers })).rejects.toMatchObject({ code: 'BROKER_BUSY' });
    for (const answer of answers) {
      if (answer.kind !== 'answered') throw new Error('it was refused');
      await answer.body[Symbol.asyncIterator]().return?.();
    }
    const last = await askWith({}, world, { headers });
    if (last.kind === 'answered') await last.body[Symbol.asyncIterator]().return?.();
    expect(last.kind).toBe('answered');
  });
});

describe('a use that needs the word of a person', () => {
  it('waits for it at the placeholder, and spends it at each request that carries the value', async () => {
    const of = await startUseWorld({ people: ['ann', 'bob'] });
    const carl = of.cloud.gitea.addUser({ name: 'carl', password: 'battery staple' });
    const refused = await of.askForPlaceholders(['payments']);
    expect(refused).toMatchObject({ status: 403, body: { error: { because: [{ code: 'approval-needed' }] } } });
    const { request: grant } = refused.body['error'] as { readonly request: string };
    expect((await of.look(of.session, of.key, 'payments')).status).toBe(403);
    const subject = { issuer: of.cloud.gitea.url, id: String(carl.id) };
    const by = { kind: 'signed-in', subject, name: 'carl' } as const;
    await answerRequest(of.grants, { grant, by, says: 'approve', breakGlass: false, reason: 'release 7' });
    expect((await of.look(of.session, of.key, 'payments')).status).toBe(200);
    const headers = [['x-key', await of.placeholder('payments')]] as const;
    const url = `${of.service.url}/pay`;
    expect([await of.use({ url, headers }), await of.use({ url, headers })].map(({ status }) => status)).toEqual([
      200, 200,
    ]);
    expect(await of.use({ url, headers })).toMatchObject({ status: 403, codes: ['approval-needed'] });
    expect(of.service.arrived).toHaveLength(2);
    const { reads } = await historyOf(of);
    expect(reads.map(({ purpose, grant: spent }) => [purpose, spent])).toEqual([
      ['use', grant],
      ['use', grant],
    ]);
    await of.stop();
  });

  it('is not judged by another session', async () => {
    const { key = '' } = (await readSession(world.records, world.session)).state ?? {};
    const other = {
      session: 'aaaaaaaa-000000000001',
      proof: { key, id: 'elsewhere-1' },
      secrets: [],
      jail: 'namespaces',
    } as const;
    await expect(givePlaceholders(world.tools, other)).rejects.toMatchObject({ code: 'BROKER_PROOF_REFUSED' });
  });
});

describe('the history of uses', () => {
  it('has each request with its outcome, and each read with the id that the row of the vault has', async () => {
    const of = await startUseWorld();
    const headers = await bearer(of);
    await of.use({ headers });
    await of.use({ method: 'DELETE', headers });
    const { uses, reads } = await historyOf(of);
    expect(uses).toMatchObject([
      {
        method: 'GET',
        path: '/v1/**',
        secrets: [expect.stringContaining('/db-password')],
        outcome: 'made',
        status: 200,
      },
      { method: 'DELETE', path: null, outcome: 'refused', because: ['method-not-allowed'] },
    ]);
    expect(reads).toMatchObject([{ secret: 'db-password', purpose: 'use', outcome: 'served' }]);
    expect(JSON.stringify(of.cloud.auditLog.rows())).toContain(reads[0]?.requestId);
    await of.stop();
  });

  it('has a request whose outcome is on no record as unanswered, and knows its read by the nonce', async () => {
    const of = await startUseWorld();
    const readers = new Map(
      [...of.tools.readers.keys()].map((name) => [name, { read: async () => await Promise.reject(new Error('died')) }]),
    );
    await expect(askWith({ readers }, of)).rejects.toThrow('died');
    const { uses, reads } = await historyOf(of);
    expect(uses).toMatchObject([{ outcome: 'unanswered', status: null }]);
    expect(reads).toMatchObject([{ outcome: 'unanswered', requestId: null }]);
    await of.stop();
  });
});

async function historyOf(of: UseWorld) {
  return await readBrokerHistory(of.records, { from: new Date(0), to: new Date(8.64e15) });
}
