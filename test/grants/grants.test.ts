import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningJob } from '../../embedded/gitea/embedded-gitea.ts';
import { readBrokerHistory } from '../../src/broker/history/broker-history.ts';
import { answerRequest } from '../../src/grants/answer-request.ts';
import { readGrantHistories, readGrantLines } from '../../src/grants/history/grant-history.ts';
import type { Person } from '../../src/provenance/person.ts';
import { type JobKey, makeJobKey } from '../../src/runner/broker/job-key.ts';
import { type BrokerWorld, startBrokerWorld, value } from '../broker/broker-world.ts';

let world: BrokerWorld;
let ids: Record<string, number>;
beforeAll(async () => {
  world = await startBrokerWorld();
  ids = Object.fromEntries(
    ['ann', 'bob', 'carl'].map((name) => [name, world.cloud.gitea.addUser({ name, password: 'battery staple' }).id]),
  );
});
afterAll(async () => await world.stop());

/** A person who signed in at Gitea itself, as its OpenID provider names them. */
const person = (name: string, id = ids[name] ?? 0): Person => ({
  kind: 'signed-in',
  subject: { issuer: world.cloud.gitea.url, id: String(id) },
  name,
});

/** Ann started the run with a commit of Bob. */
function start(change: Parameters<BrokerWorld['startJob']>[0] = {}): {
  readonly job: RunningJob;
  readonly key: JobKey;
} {
  return { job: world.startJob({ actor: 'ann', author: 'bob', ...change }), key: makeJobKey() };
}

const errorOf = (body: Record<string, unknown>) =>
  body['error'] as { readonly because: readonly { readonly code: string }[]; readonly request: string };

async function ask({ job, key }: ReturnType<typeof start>) {
  const session = await world.open(job, key);
  const { status, body } = await world.read(session, key, 'payments');
  return { session, status, grant: status === 403 ? errorOf(body).request : '', body };
}

const approve = async (grant: string, by: Person, change: object = {}) =>
  await answerRequest(world.grants, { grant, by, says: 'approve', breakGlass: false, reason: 'release 7', ...change });

describe('a secret that needs the word of a person', () => {
  it('is not given before somebody approved, and is given at the next request', async () => {
    const running = start();
    const { session, status, grant, body } = await ask(running);
    expect([status, errorOf(body).because.map(({ code }) => code)]).toEqual([403, ['approval-needed']]);
    expect(world.asked).toContainEqual(expect.objectContaining({ kind: 'requested', grant }));
    await approve(grant, person('carl'));
    const answer = await world.read(session, running.key, 'payments');
    expect([answer.status, answer.body['value']]).toEqual([200, value]);
  });

  it('leaves a journal whose head a pack states with every entry that it follows from', async () => {
    const { grant } = await ask(start());
    await approve(grant, person('carl'));
    const found: { journal: string; entries: number; head: string; lines: readonly string[] }[] = [];
    for await (const one of readGrantLines(world.records, new Date(0)))
      if (one.journal === `grants/${grant}`) found.push({ ...one });
    expect(found).toMatchObject([{ journal: `grants/${grant}`, entries: 2 }]);
    const digests = found[0]?.lines.map((line) => createHash('sha256').update(line).digest('hex')) ?? [];
    expect(digests.at(-1)).toBe(found[0]?.head);
    const previous = found[0]?.lines.map((line) => (JSON.parse(line) as { previous: string | null }).previous);
    expect(previous).toEqual([null, digests[0]]);
    const later = [];
    for await (const one of readGrantLines(world.records, new Date('2999-01-01T00:00:00Z'))) later.push(one);
    expect(later).toEqual([]);
  });

  it('is given as often as the policy says, and then waits for a new approval', async () => {
    const running = start();
    const { session, grant } = await ask(running);
    await approve(grant, person('carl'));
    const statuses = [];
    for (let read = 0; read < 3; read += 1) statuses.push((await world.read(session, running.key, 'payments')).status);
    expect(statuses).toEqual([200, 200, 403]);
    const mine = (await readGrantHistories(world.records, { now: world.cloud.clock.now() })).filter(
      (one) => one.grant === grant,
    );
    expect(mine.map(({ standing }) => standing)).toEqual(['spent', 'waiting']);
  });

  it('is never given twice for one use, to requests at once on two brokers', async () => {
    const running = start();
    const { session, grant } = await ask(running);
    await approve(grant, person('carl'));
    const other = world.second();
    const answers = await Promise.all(
      [0, 1, 2, 3].map(async (n) => await (n % 2 === 0 ? world : other).read(session, running.key, 'payments')),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
  });

  it('cannot be asked for by a job outside the rule', async () => {
    const { status, body } = await ask(start({ branch: 'feature/x' }));
    expect([status, errorOf(body).because.map(({ code }) => code)]).toEqual([403, ['outside-access-rule']]);
  });

  it('is refused for good once somebody declined', async () => {
    const running = start();
    const { session, grant } = await ask(running);
    await answerRequest(world.grants, {
      grant,
      by: person('ann'),
      says: 'decline',
      breakGlass: false,
      reason: 'not mine',
    });
    const { body } = await world.read(session, running.key, 'payments');
    expect(errorOf(body).because.map(({ code }) => code)).toEqual(['approval-declined']);
  });

  it('is on the record of the broker once, however often the job looks whether it is approved', async () => {
    const running = start();
    const { session, grant } = await ask(running);
    for (let asked = 0; asked < 15; asked += 1)
      expect((await world.look(session, running.key, 'payments')).status).toBe(403);
    const { refusals } = await readBrokerHistory(world.records, { from: new Date(0), to: new Date(4e12) });
    expect(refusals.filter(({ job }) => job.jobId === running.job.job.jobId)).toHaveLength(1);
    await approve(grant, person('carl'));
    const look = await world.look(session, running.key, 'payments');
    expect([look.status, look.body]).toEqual([200, { standing: 'approved' }]);
    expect((await world.read(session, running.key, 'payments')).status).toBe(200);
  });

  it('is not given to whoever repeats a recorded request of the job that waited', async () => {
    const running = start();
    const session = await world.open(running.job, running.key);
    const body = { session, vault: world.cloud.vault.name, name: 'payments', version: null };
    const [first, second] = ['waits-first-1', 'waits-second-2'];
    const { body: refused } = await world.send({ path: '/broker/reads', body, key: running.key, id: first });
    await world.send({ path: '/broker/reads', body, key: running.key, id: second });
    await approve(errorOf(refused).request, person('carl'));
    for (const id of [first, second])
      expect((await world.send({ path: '/broker/reads', body, key: running.key, id })).status).toBe(401);
  });

  it('cannot be looked for before a read of it is on record', async () => {
    const running = start();
    const session = await world.open(running.job, running.key);
    expect((await world.look(session, running.key, 'payments')).status).toBe(401);
    expect((await world.look(session, running.key, 'unbound')).status).toBe(401);
  });
});

describe('an approval', () => {
  let grant: string;
  beforeEach(async () => {
    ({ grant } = await ask(start()));
  });

  it.each([
    ['who started the run', () => person('ann'), 'started the run'],
    ['who wrote the commit', () => person('bob'), 'wrote the commit'],
    ['who took the name of another', () => ({ ...person('ann'), name: 'carl' }), 'started the run'],
    [
      'who has no account that is known',
      () => ({ ...person('carl'), subject: { issuer: 'https://id.example.org', id: '7' } }),
      'which account of Gitea',
    ],
    ['whom nothing proves', (): Person => ({ kind: 'unnamed', door: 'command-line', name: 'root' }), 'nothing proves'],
    [
      'who is a program',
      (): Person => ({ kind: 'machine', subject: { issuer: 'https://id.example.org', id: '9' }, name: 'ci' }),
      'not a person',
    ],
  ] as const)('of a person %s is refused', async (_who, by, reason) => {
    await expect(approve(grant, by())).rejects.toMatchObject({
      code: 'ACCESS_ANSWER_REFUSED',
      details: { reason: expect.stringContaining(reason) as string },
    });
  });

  it('cannot be shown to be another person’s if Gitea knows no author', async () => {
    const { grant: unknown } = await ask(start({ author: null }));
    await expect(approve(unknown, person('carl'))).rejects.toMatchObject({ code: 'ACCESS_ANSWER_REFUSED' });
  });

  it('by break-glass is given by one person, with a reason, and is on record as such', async () => {
    await expect(approve(grant, person('ann'), { breakGlass: true, reason: ' ' })).rejects.toMatchObject({
      code: 'ACCESS_ANSWER_REFUSED',
    });
    await approve(grant, person('ann'), { breakGlass: true, reason: 'the shop is down' });
    const [history] = (await readGrantHistories(world.records, { now: world.cloud.clock.now() })).filter(
      (one) => one.grant === grant,
    );
    expect(history?.answer).toMatchObject({ breakGlass: true, reason: 'the shop is down' });
  });

  it('is not given by a program, not even by break-glass', async () => {
    const program: Person = { kind: 'machine', subject: { issuer: 'https://id.example.org', id: '9' }, name: 'ci' };
    await expect(approve(grant, program, { breakGlass: true, reason: 'quick' })).rejects.toMatchObject({
      code: 'ACCESS_ANSWER_REFUSED',
      details: { reason: 'a machine account is not a person' },
    });
  });

  it('counts for its own run alone: another run of the same branch asks again', async () => {
    await approve(grant, person('carl'));
    expect((await ask(start())).status).toBe(403);
  });

  it('of one of two persons counts when both approve at once', async () => {
    const dora = person('dora', world.cloud.gitea.addUser({ name: `dora${grant}`, password: 'battery staple' }).id);
    const answers = await Promise.allSettled([approve(grant, person('carl')), approve(grant, dora)]);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
