import { randomUUID } from 'node:crypto';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import type { RunningJob, StartJob } from '../../embedded/gitea/embedded-gitea.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import { keyVaultSecretReader } from '../../src/azure/key-vault-secret-reader.ts';
import type { BrokerEvent, BrokerTools } from '../../src/broker/broker-tools.ts';
import type { GrantEvent, GrantTools } from '../../src/grants/grant-tools.ts';
import { accessPorts, createAccessBook } from '../../src/composition/create-grants.ts';
import { openSession } from '../../src/broker/open-session.ts';
import { sessionBook } from '../../src/broker/journal/session-book.ts';
import { lookForApproval } from '../../src/broker/look-for-approval.ts';
import type { Upstream } from '../../src/broker/ports/upstream.ts';
import { readForJob } from '../../src/broker/read-for-job.ts';
import { givePlaceholders } from '../../src/broker/use/give-placeholders.ts';
import { type UseAsked, useForJob } from '../../src/broker/use/use-for-job.ts';
import { answerRedaction } from '../../src/composition/answer-redaction.ts';
import { httpsUpstream } from '../../src/upstream/https-upstream.ts';
import { giteaClient } from '../../src/gitea/gitea-client.ts';
import { giteaJobFacts } from '../../src/gitea/gitea-job-facts.ts';
import { giteaJobProof } from '../../src/gitea/gitea-job-proof.ts';
import type { RecordStore } from '../../src/records/record-store.ts';
import { type JobKey, proveRequest } from '../../src/runner/broker/job-key.ts';
import { parsePolicy } from '../../src/secrets/parse-policy.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { embeddedVault } from '../azure/embedded-vault.ts';
import { webWorld } from '../web/web-world.ts';

/** What a job sends, before it is signed. */
interface Sent {
  readonly path: string;
  readonly body: unknown;
  readonly key?: JobKey;
  readonly token?: string;
  /** Sends this header instead of a proof made for the request. */
  readonly proof?: string;
  readonly at?: Date;
  readonly id?: string;
}

/** A broker over the embedded cloud, called over its HTTP routes. */
export interface BrokerWorld {
  readonly cloud: EmbeddedCloud;
  readonly records: RecordStore;
  readonly tools: BrokerTools;
  readonly events: readonly BrokerEvent[];
  readonly grants: GrantTools;
  /** What people were told of. */
  readonly asked: readonly GrantEvent[];
  /** Its identity in Azure. */
  readonly broker: Principal;
  /** The same broker again, over the same records, as a second process. */
  second(): BrokerWorld;
  startJob(change?: Partial<StartJob>): RunningJob;
  /** A request as it came over a socket. */
  forward(path: string, init: RequestInit): Promise<Response>;
  send(request: Sent): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
  /** Opens the session of a job with a key, and returns its name. */
  open(job: RunningJob, key: JobKey): Promise<string>;
  read(session: string, key: JobKey, name?: string): ReturnType<BrokerWorld['send']>;
  /** Asks whether a read that waits for a person is approved now. */
  look(session: string, key: JobKey, name: string): ReturnType<BrokerWorld['send']>;
  stop(): Promise<void>;
}

const usualPolicy = `format: 1
secrets:
  db-password: { issuer: generated, validity: 90d, namespaces: [shop] }
  payments: { issuer: generated, validity: 90d, namespaces: [shop], access: { approval: required, uses: 2, when: { branches: [main] } } }
  deploy-key: { issuer: generated, validity: 90d, namespaces: [deploy] }
  nobody: { issuer: generated, validity: 90d }
namespaces:
  shop: { repositories: [shop/orders] }
  deploy: { repositories: [shop/orders], workflows: [deploy.yml], protectedBranch: true, events: [push] }
`;

export const value = 'the value of the database 7c1e';

/** Longer than any test: on a busy machine an answer of this process may take as long as it likes. */
export const noLimitMs = 3_600_000;

interface Change {
  readonly policyText?: string;
  readonly upstream?: Upstream;
  readonly value?: string;
  readonly mostUses?: number;
}

export async function startBrokerWorld(change: Change = {}): Promise<BrokerWorld> {
  const cloud = await startEmbeddedCloud();
  cloud.auditLog.setDelay(0);
  const { gitea } = cloud;
  gitea.addUser({ name: 'keyturn', password: 'battery staple', administrator: true });
  gitea.addRepository('shop/orders', { protectedBranches: ['main', 'release/1'] });
  gitea.addRepository('shop/other');
  gitea.addRunner({ name: 'runner-1', labels: ['prod'] });
  const { access, principal: broker } = embeddedVault(cloud, ['get']);
  for (const name of ['db-password', 'payments', 'deploy-key', 'nobody', 'keyturn-canary'])
    cloud.vault.seed({ name, value: change.value ?? value });
  const records = memoryRecordStore();
  const token = new SecretValue(gitea.seedToken('keyturn', 'broker', ['read:repository', 'read:admin']));
  const { policyText = usualPolicy, upstream = httpsUpstream({ idleMs: noLimitMs }), mostUses = 1_000 } = change;
  return worldOver({ cloud, records, access, token, broker, policyText, upstream, mostUses });
}

interface Parts {
  readonly cloud: EmbeddedCloud;
  readonly records: RecordStore;
  readonly access: ReturnType<typeof embeddedVault>['access'];
  readonly token: SecretValue;
  readonly broker: Principal;
  readonly policyText: string;
  readonly upstream: Upstream;
  readonly mostUses: number;
}

function worldOver(parts: Parts): BrokerWorld {
  const { cloud, records, access, token } = parts;
  const events: BrokerEvent[] = [];
  const policy = parsePolicy(parts.policyText, 'keyturn.policy.yml', [access.vault]);
  let nonces = 0;
  const authentication = { kind: 'token', value: token } as const;
  const jobs = giteaJobFacts(giteaClient({ url: cloud.gitea.url, authentication, timeoutMs: noLimitMs }));
  const asked: GrantEvent[] = [];
  const grants: GrantTools = {
    records,
    policy: () => policy,
    gitea: cloud.gitea.url,
    now: () => cloud.clock.now(),
    watch: async (event) => {
      asked.push(event);
      await Promise.resolve();
    },
  };
  const tools: BrokerTools = {
    sessions: sessionBook(records),
    policy: () => ({ policy, digest: 'a'.repeat(64) }),
    proof: giteaJobProof(cloud.gitea.url, noLimitMs),
    jobs,
    access: createAccessBook(grants, jobs),
    readers: new Map([[access.vault.name, keyVaultSecretReader(access)]]),
    ownSecrets: new Set([`${access.vault.name}/keyturn-canary`]),
    mostRequests: 10,
    mostUses: parts.mostUses,
    upstream: parts.upstream,
    redaction: answerRedaction,
    now: () => cloud.clock.now(),
    nonce: () => {
      nonces += 1;
      return String(nonces).padStart(8, '0');
    },
    watch: async (event) => {
      events.push(event);
      await Promise.resolve();
    },
  };
  const broker = {
    openSession: async (request: Parameters<typeof openSession>[1]) => await openSession(tools, request),
    read: async (request: Parameters<typeof readForJob>[1]) => await readForJob(tools, request),
    look: async (request: Parameters<typeof readForJob>[1]) => await lookForApproval(tools, request),
    placeholders: async (request: Parameters<typeof givePlaceholders>[1]) => await givePlaceholders(tools, request),
    use: async (request: UseAsked) => await useForJob(tools, request),
  };
  const ports = { broker, now: () => cloud.clock.now(), ...accessPorts(grants) };
  const { send: sendToWeb } = webWorld({ ports });
  const send: BrokerWorld['send'] = async ({ path, body, key, token: bearer, proof, at, id = randomUUID() }) => {
    const url = `http://localhost:7071${path}`;
    const text = JSON.stringify(body);
    const made = key && proveRequest(key, { method: 'POST', url, body: text, at: at ?? cloud.clock.now(), id });
    const dpop = proof ?? made;
    const response = await sendToWeb(path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(dpop === undefined ? {} : { dpop }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body: text,
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return {
    cloud,
    records,
    tools,
    events,
    grants,
    asked,
    broker: parts.broker,
    second: () => worldOver(parts),
    startJob: (change = {}) =>
      cloud.gitea.startJob({
        repository: 'shop/orders',
        workflow: 'deploy.yml',
        name: 'deploy',
        runner: 'runner-1',
        ...change,
      }),
    forward: async (path, init) => await sendToWeb(path, init),
    send,
    async open(job, key) {
      const repository = job.job.repository.fullName;
      const bearer = job.environment['ACTIONS_RUNTIME_TOKEN'] ?? '';
      const { body } = await send({ path: '/broker/sessions', body: { repository }, key, token: bearer });
      return String(body['session']);
    },
    read: async (session, key, name = 'db-password') =>
      await send({ path: '/broker/reads', body: { session, vault: access.vault.name, name, version: null }, key }),
    look: async (session, key, name) =>
      await send({
        path: '/broker/reads',
        body: { session, vault: access.vault.name, name, version: null, look: true },
        key,
      }),
    stop: async () => await cloud.stop(),
  };
}
