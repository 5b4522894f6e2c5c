import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAttributor } from '../../src/audit/attribution/attribute-retrievals.ts';
import { parseAuditRow } from '../../src/audit/parsing/parse-audit-row.ts';
import { readBrokerHistory } from '../../src/broker/history/broker-history.ts';
import { answerRequest } from '../../src/grants/answer-request.ts';
import { ServiceError } from '../../src/service-error.ts';
import type { RunningJob, StartJob } from '../../embedded/gitea/embedded-gitea.ts';
import { makeJobKey, proveRequest } from '../../src/runner/broker/job-key.ts';
import { policy } from '../audit/attribution-fixtures.ts';
import { found } from '../audit/finding-fixtures.ts';
import { type BrokerWorld, startBrokerWorld } from '../broker/broker-world.ts';
import { heldBlock, markdownTable } from './held-block.ts';

let world: BrokerWorld;
beforeAll(async () => {
  world = await startBrokerWorld();
});
afterAll(async () => await world.stop());

type Answer = Awaited<ReturnType<BrokerWorld['send']>>;

interface Forger {
  /** Who does what, as the page says it. */
  readonly does: string;
  /** Prepares, and returns the forger's own last act. */
  readonly prepare: () => Promise<() => Promise<Answer>>;
  /** What the broker must answer: its code, or the codes of a refusal. */
  readonly answered: string;
  /** The finding that tells of it, where the refusal alone is not all that there is to know. */
  readonly finding: string | null;
}

const tokenOf = (job: RunningJob) => job.environment['ACTIONS_RUNTIME_TOKEN'] ?? '';

/** Opens a session with a token and a key, as whoever has both. */
const openWith = async (token: string, key = makeJobKey(), repository = 'shop/orders') =>
  await world.send({ path: '/broker/sessions', body: { repository }, key, token });

/** A job that asks for a secret with its own session and key. */
function asking(name: string, change: () => Partial<StartJob> = () => ({})): Forger['prepare'] {
  return async () => {
    const [job, key] = [world.startJob(change()), makeJobKey()];
    const session = await world.open(job, key);
    return async () => await world.read(session, key, name);
  };
}

/** A job with a session, and a body that reads its secret. */
async function honest() {
  const [job, key] = [world.startJob(), makeJobKey()];
  const session = await world.open(job, key);
  const body = { session, vault: world.cloud.vault.name, name: 'db-password', version: null };
  return { job, key, session, body };
}

/** The claims of a token with some of them changed, under the signature of the old ones. */
function altered(token: string, change: Readonly<Record<string, unknown>>): string {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...claims, ...change })).toString('base64url');
  return [head, forged, signature].join('.');
}

const forgers: readonly Forger[] = [
  {
    does: 'A job asks for a secret of another repository.',
    prepare: asking('db-password', () => ({ repository: 'shop/other' })),
    answered: 'outside-namespace',
    finding: null,
  },
  {
    does: 'A pull request from a fork asks for a secret of the repository.',
    prepare: asking('db-password', () => ({ fork: true })),
    answered: 'outside-namespace',
    finding: null,
  },
  {
    does: 'A reader pushes to `refs/for/main` (agit), and that run asks.',
    prepare: asking('db-password', () => ({
      pull: world.cloud.gitea.openPull({ repository: 'shop/orders', from: 'agit' }),
    })),
    answered: 'outside-namespace',
    finding: null,
  },
  {
    does: 'A job of an unprotected branch runs a changed copy of the workflow.',
    prepare: asking('deploy-key', () => ({ branch: 'feature/deploy' })),
    answered: 'outside-namespace',
    finding: null,
  },
  {
    does: 'A job asks for a value that waits to be published, or for a secret of Keyturn itself.',
    prepare: asking('rot-pending--db-password'),
    answered: 'secret-of-keyturn, secret-not-bound',
    finding: null,
  },
  {
    does: 'A job shows its own token and names another repository.',
    prepare: async () => {
      const job = await Promise.resolve(world.startJob({ repository: 'shop/other' }));
      return async () => await openWith(tokenOf(job));
    },
    answered: 'BROKER_JOB_NOT_CONFIRMED',
    finding: null,
  },
  {
    does: 'A job changes the numbers in its token to those of another job.',
    prepare: async () => {
      const [victim, job] = [world.startJob(), world.startJob({ repository: 'shop/other' })];
      const numbers = { TaskID: victim.job.taskId, RunID: victim.job.runId, JobID: victim.job.jobId };
      const token = await Promise.resolve(altered(tokenOf(job), numbers));
      return async () => await openWith(token);
    },
    answered: 'BROKER_JOB_NOT_CONFIRMED',
    finding: null,
  },
  {
    does: 'Someone uses a token after its job has ended.',
    prepare: async () => {
      const job = await Promise.resolve(world.startJob());
      job.finish();
      return async () => await openWith(tokenOf(job));
    },
    answered: 'BROKER_JOB_NOT_CONFIRMED',
    finding: null,
  },
  {
    does: 'A thief steals the token of a job that has its session.',
    prepare: async () => {
      const { job } = await honest();
      return async () => await openWith(tokenOf(job));
    },
    answered: 'BROKER_SECOND_KEY',
    finding: 'second-broker-key',
  },
  {
    does: 'A thief steals the token before the first step, opens the session, and the job comes second.',
    prepare: async () => {
      const [job, stolen] = [world.startJob(), makeJobKey()];
      const session = await world.open(job, stolen);
      await openWith(tokenOf(job));
      return async () => await world.read(session, stolen);
    },
    answered: 'session-ended',
    finding: 'second-broker-key',
  },
  {
    does: 'A job uses the session of another job with its own key.',
    prepare: async () => {
      const { session } = await honest();
      const [job, key] = [world.startJob(), makeJobKey()];
      await world.open(job, key);
      return async () => await world.read(session, key);
    },
    answered: 'BROKER_PROOF_REFUSED',
    finding: null,
  },
  {
    does: 'Someone who recorded a request sends it again.',
    prepare: async () => {
      const { key, body } = await honest();
      const sent = { path: '/broker/reads', body, key, id: 'recorded-by-someone' };
      await world.send(sent);
      return async () => await world.send(sent);
    },
    answered: 'BROKER_PROOF_REFUSED',
    finding: null,
  },
  {
    does: 'Someone puts another secret under the proof of a recorded request.',
    prepare: async () => {
      const { key, body } = await honest();
      const url = 'http://localhost:7071/broker/reads';
      const at = world.cloud.clock.now();
      const proof = proveRequest(key, { method: 'POST', url, body: JSON.stringify(body), at, id: 'of-another-body' });
      return async () => await world.send({ path: '/broker/reads', body: { ...body, name: 'deploy-key' }, proof });
    },
    answered: 'BROKER_PROOF_REFUSED',
    finding: null,
  },
  {
    does: 'A process that outlives its job asks on.',
    prepare: async () => {
      const { job, key, session } = await honest();
      job.finish();
      return async () => await world.read(session, key);
    },
    answered: 'job-ended',
    finding: null,
  },
  {
    does: 'A process of an earlier attempt asks while the job runs again.',
    prepare: async () => {
      const { job, key, session } = await honest();
      job.finish();
      world.cloud.clock.advance(2_000);
      world.cloud.gitea.rerun(job.job.jobId);
      return async () => await world.read(session, key);
    },
    answered: 'job-ended',
    finding: null,
  },
  {
    does: 'Who started the run approves it.',
    prepare: async () => {
      const name = `starter-${crypto.randomUUID()}`;
      const { id } = world.cloud.gitea.addUser({ name, password: 'battery staple' });
      const [job, key] = [world.startJob({ actor: name }), makeJobKey()];
      const session = await world.open(job, key);
      const { body } = await world.read(session, key, 'payments');
      const subject = { issuer: world.cloud.gitea.url, id: String(id) };
      const by = { kind: 'signed-in', subject, name: 'another' } as const;
      const word = { by, says: 'approve', breakGlass: false, reason: 'mine' } as const;
      const grant = (body['error'] as { readonly request: string }).request;
      await expect(answerRequest(world.grants, { ...word, grant })).rejects.toSatisfy((error: unknown) =>
        ServiceError.is(error, 'ACCESS_ANSWER_REFUSED'),
      );
      return async () => await world.read(session, key, 'payments');
    },
    answered: 'approval-needed',
    finding: null,
  },
];

const always = { from: new Date(0), to: new Date(4e12) };

/** Reads of the vault that disclosed a value, by its own log. */
const disclosed = () =>
  world.cloud.auditLog.rows().filter((row) => row['OperationName'] === 'SecretGet' && row['HttpStatusCode'] === 200);

function withBroker() {
  const rule = { objectId: world.broker.objectId, role: 'broker', runnerLabels: [], repositories: [], addresses: [] };
  return policy({ identities: new Map([[rule.objectId, rule as never]]) });
}

async function findings(): Promise<readonly string[]> {
  const brokered = await readBrokerHistory(world.records, always);
  return found({ policy: withBroker(), brokered, period: always })
    .filter(({ rule }) => rule === 'second-broker-key')
    .map(({ subject }) => subject);
}

function codesOf({ body }: Answer): string {
  const { code = '', because } = body['error'] as { readonly code?: string; readonly because?: { code: string }[] };
  return because === undefined ? code : because.map((one) => one.code).join(', ');
}

describe('a forger who asks the broker', () => {
  it.each(forgers)('$does', async ({ prepare, answered, finding }) => {
    const known = await findings();
    const act = await prepare();
    const before = disclosed().length;
    const answer = await act();
    expect([answer.status >= 400, codesOf(answer)]).toEqual([true, answered]);
    expect(disclosed()).toHaveLength(before);
    expect((await findings()).length - known.length).toBe(finding === null ? 0 : 1);
  });

  it('and reads past it, with its identity and the stamp of a read that it made, is told apart in the log', async () => {
    const { key, session } = await honest();
    const { body } = await world.read(session, key);
    const row = world.cloud.auditLog.rows().find((one) => one['CorrelationId'] === body['requestId']);
    const parsed = parseAuditRow({ ...row, CorrelationId: crypto.randomUUID() }, '');
    if (parsed.outcome === 'refused') throw new Error('the row was not read');
    const brokerReads = (await readBrokerHistory(world.records, always)).reads;
    const sources = { policy: withBroker(), jobs: [], receipts: [], rotations: [], brokerReads };
    expect(createAttributor(sources).attribute(parsed.retrieval).grade).toBe('broker-unexplained');
  });

  it('stands on the page with what the broker answers', () => {
    const rows = [
      ...forgers.map(({ does, answered, finding }) => [
        does,
        answered
          .split(', ')
          .map((code) => `\`${code}\``)
          .join(', '),
        finding === null ? 'none' : `\`${finding}\``,
      ]),
      [
        "Someone reads with the broker's identity, past the broker, with the stamp of a read that it made.",
        'is not asked',
        '`broker-unexplained`',
      ],
    ];
    const table = markdownTable(['who does what', 'the broker answers', 'finding'], rows);
    heldBlock('docs/governed-access.md', 'broker-forgers', table);
  });
});
