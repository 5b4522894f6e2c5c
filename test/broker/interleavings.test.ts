import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BrokerTools } from '../../src/broker/broker-tools.ts';
import { readBrokerHistory } from '../../src/broker/history/broker-history.ts';
import { answerRedaction } from '../../src/composition/answer-redaction.ts';
import { sessionBook } from '../../src/broker/journal/session-book.ts';
import { readSession } from '../../src/broker/journal/session-journal.ts';
import { openSession } from '../../src/broker/open-session.ts';
import type { JobFacts } from '../../src/broker/ports/job-facts.ts';
import type { ReadSecret, SecretReader } from '../../src/broker/ports/secret-reader.ts';
import { readForJob } from '../../src/broker/read-for-job.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { ServiceError } from '../../src/service-error.ts';
import { memoryRecordStore } from '../memory-record-store.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
/** `npm test` runs a share; KEYTURN_TEST_HISTORIES asks for more. */
const histories = Number(process.env['KEYTURN_TEST_HISTORIES'] ?? 2_000);
console.log(`broker interleavings: KEYTURN_TEST_SEED=${String(seed)}, ${String(histories)} histories`);

const vault = { name: 'kv', url: 'https://kv.vault.azure.net', resourceId: null };
const policy = parsePolicy(
  'format: 1\nsecrets: { token: { issuer: generated, validity: 90d, namespaces: [shop] } }\nnamespaces: { shop: { repositories: [shop/orders] } }\n',
  'keyturn.policy.yml',
  [vault],
);

type Fault = 'none' | 'dies-at-vault' | 'answer-lost' | 'write-lost';
type Step =
  | { readonly kind: 'open' | 'read'; readonly job: number; readonly key: number; readonly broker: number }
  | { readonly kind: 'end'; readonly job: number }
  | { readonly kind: 'restart'; readonly broker: number }
  | { readonly kind: 'fault'; readonly fault: Fault };

const one = { job: fc.nat(1), broker: fc.nat(1) };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('open' as const), key: fc.constantFrom(0, 0, 0, 1), ...one }) },
  { weight: 7, arbitrary: fc.record({ kind: fc.constant('read' as const), key: fc.constantFrom(0, 0, 0, 1), ...one }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), job: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const), broker: fc.nat(1) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom<Fault>('none', 'dies-at-vault', 'answer-lost', 'write-lost'),
    }),
  },
);

/** A row of the vault's own log, and how much of the session's journal was on record when it was written. */
interface Row {
  readonly requestId: string;
  readonly nonce: string;
  readonly session: string;
  readonly hadIntent: boolean;
}

/** Two brokers over one store and one vault, and a Gitea with two jobs. The next write or read meets the fault that was set. */
function world() {
  const kept = memoryRecordStore();
  const [rows, running] = [[] as Row[], new Set([1, 2])];
  let fault: Fault = 'none';
  let [numbers, at] = [0, Date.parse('2026-03-02T00:00:00Z')];
  const takes = (wanted: Fault): boolean => {
    const isIt = fault === wanted;
    if (isIt) fault = 'none';
    return isIt;
  };
  const lost = () => new ServiceError('RECORD_STORE_UNREACHABLE', { store: 'memory', reason: 'lost' });
  const records: RecordStore = {
    ...kept,
    async create(path, bytes) {
      if (takes('write-lost')) throw lost();
      const revision = await kept.create(path, bytes);
      if (takes('answer-lost')) throw lost();
      return revision;
    },
  };
  const factsOf = (jobId: number): JobFacts => ({
    repositoryId: 1,
    repository: 'shop/orders',
    runId: jobId,
    jobId,
    attempt: 1,
    startedAt: null,
    event: 'push',
    branch: 'main',
    protectedBranch: true,
    fork: false,
    workflow: 'deploy.yml',
    commit: null,
    triggeredBy: null,
  });
  const tools = (): BrokerTools => ({
    sessions: sessionBook(records),
    policy: () => ({ policy, digest: 'a'.repeat(64) }),
    proof: {
      async prove(credential) {
        const jobId = Number(credential.reveal());
        return await Promise.resolve(running.has(jobId) ? { taskId: jobId, runId: jobId, jobId } : null);
      },
    },
    jobs: {
      instance: 'aaaaaaaa',
      read: async ({ jobId }) => await Promise.resolve({ facts: factsOf(jobId), isRunning: running.has(jobId) }),
      standing: async ({ jobId }) => await Promise.resolve(running.has(jobId) ? 'running' : 'ended'),
      authorOf: async () => await Promise.resolve(null),
    },
    access: {
      ask: async () => await Promise.reject(new Error('nobody is asked')),
      spend: async () => await Promise.resolve(false),
    },
    readers: new Map([['kv', { read: async (_secret, request) => await vaultRead(request) }]]),
    ownSecrets: new Set(),
    mostRequests: 6,
    mostUses: 6,
    upstream: { send: async () => await Promise.reject(new Error('nothing is used')) },
    redaction: answerRedaction,
    now: () => new Date((at += 1_000)),
    nonce: () => String((numbers += 1)).padStart(8, '0'),
    watch: async () => await Promise.resolve(),
  });

  async function vaultRead({ userAgent, answered }: Parameters<SecretReader['read']>[1]): Promise<ReadSecret> {
    const nonce = /n=([0-9a-f]{8})/.exec(userAgent)?.[1] ?? '';
    const session = `aaaaaaaa-${(/t=(\d+)/.exec(userAgent)?.[1] ?? '').padStart(12, '0')}`;
    const { entries, state } = await readSession(kept, session);
    const intent = entries.findIndex(({ facts }) => facts.act === 'asked' && facts.nonce === nonce);
    const end = entries.findIndex(({ facts }) => facts.act === 'second-key' || facts.act === 'job-ended');
    const requestId = `request-${String((numbers += 1))}`;
    const hadIntent = state !== null && intent !== -1 && (end === -1 || intent < end);
    rows.push({ requestId, nonce, session, hadIntent });
    if (takes('dies-at-vault')) throw new Error('the process died');
    answered(requestId);
    const value = new SecretValue('the value');
    return { value, version: 'v1', validFrom: null, expires: null, requestId, at: new Date(at) };
  }
  return { kept, rows, running, tools, setFault: (next: Fault) => (fault = next) };
}

describe('sessions, reads, second keys, ends of jobs, crashes and lost answers on two brokers', () => {
  it('give no value without its entry before, none after a recorded end, and every row has one entry', async () => {
    let values = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 3, maxLength: 12 }),
        async (rounds) => {
          const { kept, rows, running, tools, setFault } = world();
          const brokers = [tools(), tools()];
          const given: string[] = [];
          let proofs = 0;
          const act = async (taken: Step): Promise<void> => {
            if (taken.kind === 'end') return void running.delete(taken.job + 1);
            if (taken.kind === 'fault') return void setFault(taken.fault);
            if (taken.kind === 'restart') return void (brokers[taken.broker] = tools());
            const broker = brokers[taken.broker] ?? tools();
            const [jobId, key] = [taken.job + 1, `key-${String(taken.job)}-${String(taken.key)}`];
            if (taken.kind === 'open') {
              const credential = new SecretValue(String(jobId));
              await openSession(broker, { credential, key, repository: 'shop/orders' });
              return;
            }
            proofs += 1;
            const session = `aaaaaaaa-${String(jobId).padStart(12, '0')}`;
            const secret = { vault: 'kv', name: 'token', version: null };
            const answer = await readForJob(broker, { session, secret, proof: { key, id: `proof-${String(proofs)}` } });
            if (answer.kind !== 'served') return;
            given.push(answer.secret.requestId);
            const { state } = await readSession(kept, session);
            expect(state?.key).toBe(key);
          };
          for (const round of rounds) {
            for (const result of await Promise.allSettled(round.map(act))) {
              if (result.status === 'fulfilled' || ServiceError.is(result.reason)) continue;
              expect(result.reason).toEqual(new Error('the process died'));
            }
          }
          values += given.length;

          const history = await readBrokerHistory(kept, { from: new Date(0), to: new Date(4e12) });
          expect(rows.filter(({ hadIntent }) => !hadIntent)).toEqual([]);
          for (const { nonce, requestId } of rows) {
            const explaining = history.reads.filter((read) => read.nonce === nonce);
            expect(explaining).toHaveLength(1);
            expect([null, requestId]).toContain(explaining[0]?.requestId ?? null);
          }
          // A value that left is on record as served, once.
          for (const requestId of given)
            expect(
              history.reads.filter((read) => read.requestId === requestId && read.outcome === 'served'),
            ).toHaveLength(1);
          expect(new Set(given).size).toBe(given.length);
          for (const session of ['aaaaaaaa-000000000001', 'aaaaaaaa-000000000002']) {
            const { entries } = await readSession(kept, session);
            const end = entries.findIndex(({ facts }) => facts.act === 'second-key' || facts.act === 'job-ended');
            const after = end === -1 ? [] : entries.slice(end).filter(({ facts }) => facts.act === 'asked');
            expect(after).toEqual([]);
          }
        },
      ),
      { seed, numRuns: histories },
    );
    // A world in which nothing is ever given would hold all of this.
    expect(values).toBeGreaterThan(histories / 4);
  });
});
