import { createClock } from '../../embedded/clock.ts';
import type { EmbeddedCloud } from '../../embedded/embedded-cloud.ts';
import type { Principal } from '../../embedded/azure/identity/managed-identity.ts';
import type { EmbeddedJob, RunningJob } from '../../embedded/gitea/embedded-gitea.ts';
import { startEmbeddedCloud } from '../../embedded/start-embedded-cloud.ts';
import type { PeriodToAudit } from '../../src/audit/audit-period.ts';
import { collectJobs } from '../../src/audit/collection/collect-jobs.ts';
import { collectRetrievals } from '../../src/audit/collection/collect-retrievals.ts';
import { keyVaultCanaryReader } from '../../src/azure/canary-reader.ts';
import { logAnalyticsRetrievalLog } from '../../src/azure/log-analytics-retrieval-log.ts';
import { monitorQuery } from '../../src/azure/monitor-query.ts';
import { giteaClient } from '../../src/gitea/gitea-client.ts';
import { giteaJobFeed } from '../../src/gitea/gitea-job-feed.ts';
import { instanceOf } from '../../src/provenance/job-numbers.ts';
import { formatJobStamp } from '../../src/provenance/job-stamp.ts';
import type { Receipt } from '../../src/provenance/receipt.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';
import type { IdentityRule, Policy } from '../../src/secrets/policy.ts';
import { memoryRecordStore } from '../memory-record-store.ts';
import { auditWithReads } from './collected-events.ts';

/** One answered read, as its caller sees it. */
export interface AnsweredRead {
  readonly status: number;
  readonly requestId: string;
  readonly version: string | null;
  readonly address: string;
  readonly at: string;
}

const start = new Date('2026-03-02T08:00:00Z');

/** An embedded cloud with the real adapters and collectors; its clock only moves when told. */
export async function auditedWorld() {
  const clock = createClock(start);
  clock.stand();
  const cloud = await startEmbeddedCloud({ clock });
  cloud.auditLog.setDelay(0);
  const principals = {
    runner: cloud.identity.define({ name: 'runner', kind: 'managed-identity', address: '20.1.1.1' }),
    other: cloud.identity.define({ name: 'other-runner', kind: 'managed-identity', address: '20.2.2.2' }),
    rotator: cloud.identity.define({ name: 'rotator', kind: 'managed-identity', address: '20.3.3.3' }),
    reporter: cloud.identity.define({ name: 'reporter', kind: 'managed-identity', address: '20.4.4.4' }),
    person: cloud.identity.define({
      name: 'ada',
      kind: 'person',
      userPrincipalName: 'ada@example.com',
      address: '20.5.5.5',
    }),
  };
  for (const principal of Object.values(principals)) cloud.vault.grant(principal, ['get', 'set', 'list', 'delete']);
  cloud.vault.seed({ name: 'database-password', value: 'correct horse', created: new Date('2026-02-01T00:00:00Z') });
  cloud.vault.seed({ name: 'keyturn-canary', value: 'sings', created: new Date('2026-02-01T00:00:00Z') });
  cloud.gitea.addUser({ name: 'root', password: 'battery staple', administrator: true });
  cloud.gitea.addUser({ name: 'acme', password: 'battery staple' });
  cloud.gitea.addRepository('acme/shop');
  cloud.gitea.addRepository('acme/blog');
  cloud.gitea.addRunner({ name: 'runner-1', labels: ['prod'] });
  const token = cloud.gitea.seedToken('root', 'collector', ['read:repository', 'read:admin']);

  const records = memoryRecordStore();
  const vault = { name: cloud.vault.name, url: cloud.vault.url, resourceId: cloud.vault.resourceId };
  const { url: endpoint, workspaceId, certificate } = cloud.logAnalytics;
  const audience = 'https://api.loganalytics.io';
  const credential = credentialOf(cloud, principals.reporter, audience);
  const query = monitorQuery({ endpoint, audience, workspaceId, certificate, credential });
  const log = logAnalyticsRetrievalLog(query, { workspaceId, vaults: [vault] });
  const canary = keyVaultCanaryReader(
    [{ vault, credential: credentialOf(cloud, principals.reporter, 'https://vault.azure.net'), embedded: true }],
    'keyturn-canary',
  );
  const client = giteaClient({
    url: cloud.gitea.url,
    authentication: { kind: 'token', value: new SecretValue(token) },
  });
  const feed = giteaJobFeed({ client });
  const now = () => clock.now();
  const policy = policyOf(principals);

  return {
    cloud,
    clock,
    principals,
    records,
    policy,
    log,
    feed,
    canary,
    now,
    read,
    stamp: (running: RunningJob) =>
      formatJobStamp({ ...numbersOf(cloud, running.job), nonce: '0a1b2c3d', helper: '0.1.0' }),
    receipt: (running: RunningJob, read: AnsweredRead, change: Partial<Receipt> = {}) =>
      receiptOf(cloud, running.job, read, change),
    collectJobs: () => collectJobs({ feed, records, now }),
    /** `instance`: stamps of its jobs are named. */
    collectRetrievals: (instance: string | null = null) =>
      collectRetrievals({ log, records, now, canary, settlingMs: 60_000, firstPassMs: 7_200_000, instance }),
    toAudit,
    audit: (change: Partial<PeriodToAudit> = {}) => auditWithReads({ ...toAudit(), ...change }),
  };

  function toAudit(): PeriodToAudit {
    return {
      records,
      policy,
      vaults: [cloud.vault.name],
      inventory: [],
      rotations: [],
      period: { from: new Date('2026-03-02T06:00:00Z'), to: new Date('2026-03-03T00:00:00Z') },
      now: now(),
    };
  }

  /** One read over the wire, like the SDK's after its challenge. */
  async function read(principal: Principal, options: { client?: string; secret?: string } = {}): Promise<AnsweredRead> {
    const secret = options.secret ?? 'database-password';
    const answer = await fetch(`${cloud.vault.url}/secrets/${secret}/?api-version=2025-07-01`, {
      headers: {
        authorization: `Bearer ${cloud.identity.tokenFor(principal, 'https://vault.azure.net')}`,
        'user-agent': options.client ?? 'azsdk-js-keyvault-secrets/4.11.2',
      },
    });
    const body = (await answer.json()) as { id?: string };
    return {
      status: answer.status,
      requestId: answer.headers.get('x-ms-request-id') ?? '',
      version: body.id?.split('/').at(-1) ?? null,
      address: principal.address,
      at: clock.now().toISOString(),
    };
  }
}

export type AuditedWorld = Awaited<ReturnType<typeof auditedWorld>>;

function numbersOf(cloud: EmbeddedCloud, { repository, runId, attempt, jobId, taskId }: EmbeddedJob) {
  return { instance: instanceOf(cloud.gitea.url), repositoryId: repository.id, runId, attempt, jobId, taskId };
}

function receiptOf(cloud: EmbeddedCloud, job: EmbeddedJob, read: AnsweredRead, change: Partial<Receipt>): Receipt {
  return {
    format: 1,
    job: numbersOf(cloud, job),
    nonce: '0a1b2c3d',
    sequence: 1,
    vault: cloud.vault.name,
    secret: 'database-password',
    opaque: false,
    version: read.version,
    clientRequestId: '11111111-2222-4333-8444-555555555555',
    requests: [{ id: read.requestId, status: read.status, at: read.at }],
    address: read.address,
    clockOffsetMs: 0,
    previous: null,
    ...change,
  };
}

function policyOf(principals: Record<'runner' | 'other' | 'rotator' | 'reporter', Principal>): Policy {
  const rule = (principal: Principal, change: Partial<IdentityRule>): [string, IdentityRule] => [
    principal.objectId,
    {
      objectId: principal.objectId,
      role: 'runner',
      runnerLabels: ['prod'],
      repositories: [],
      addresses: [principal.address],
      ...change,
    },
  ];
  return {
    format: 1,
    limits: { mostPerHour: null, mostPerHourIn: new Map(), environmentOrder: [] },
    secrets: new Map(),
    tracked: new Map(),
    namespaces: new Map(),
    identities: new Map([
      rule(principals.runner, { repositories: ['acme/shop', 'acme/api'] }),
      rule(principals.other, { repositories: ['acme/blog'] }),
      rule(principals.rotator, { role: 'rotator' }),
      rule(principals.reporter, { role: 'reporter' }),
    ]),
  };
}

function credentialOf(cloud: EmbeddedCloud, principal: Principal, resource: string) {
  return {
    getToken: () =>
      Promise.resolve({
        token: cloud.identity.tokenFor(principal, resource),
        expiresOnTimestamp: Date.now() + 3_600_000,
      }),
  };
}
