import type { Job } from '../../src/audit/model/job.ts';
import type { LedgerReceipt } from '../../src/audit/collection/receipt-ledger.ts';
import type { CallerIdentity, Retrieval } from '../../src/audit/model/retrieval.ts';
import { formatJobStamp } from '../../src/provenance/job-stamp.ts';
import type { Receipt } from '../../src/provenance/receipt.ts';
import type { RotationHistory } from '../../src/rotation/history/rotation-history.ts';
import type { IdentityRule, Policy } from '../../src/secrets/policy.ts';

/** 08:00 of one day plus this many seconds, in the form of a row. */
export function at(seconds: number): string {
  return moment(seconds).replace('Z', '0000Z');
}

export function moment(seconds: number): string {
  return new Date(Date.parse('2026-03-02T08:00:00Z') + seconds * 1000).toISOString();
}

const instance = 'aaaaaaaa';

export function workload(objectId: string): CallerIdentity {
  return { objectId, applicationId: null, userPrincipalName: null, managedIdentity: null, kind: 'workload' };
}

export function person(userPrincipalName: string): CallerIdentity {
  return { objectId: 'person', applicationId: null, userPrincipalName, managedIdentity: null, kind: 'person' };
}

export function row(correlationId: string, change: Partial<Retrieval> = {}): Retrieval {
  return {
    format: 1,
    id: `row-${correlationId}`,
    at: at(100),
    kind: 'read',
    operation: 'SecretGet',
    status: 200,
    vault: 'kv',
    secret: 'database',
    version: 'v1',
    requestedVersion: null,
    identity: workload('shared'),
    address: '20.1.1.1',
    client: null,
    correlationId,
    roleAssignment: null,
    denial: null,
    sources: ['AZKVAuditLogs'],
    receivedAt: null,
    ...change,
  };
}

/** A job that ran from 0 to 600 seconds. */
export function job(jobId: number, change: Partial<Job> = {}): Job {
  return {
    format: 1,
    instance,
    repositoryId: 1,
    repository: 'acme/shop',
    runId: 10,
    jobId,
    attempt: 1,
    taskId: null,
    name: 'deploy',
    runnerId: 1,
    runnerName: 'runner-1',
    labels: ['prod'],
    status: 'completed',
    conclusion: 'success',
    createdAt: moment(-5),
    startedAt: moment(0),
    completedAt: moment(600),
    event: 'push',
    branch: 'main',
    fork: false,
    known: 'api',
    url: null,
    ...change,
  };
}

export function stamp(jobId: number, change: object = {}): string {
  return formatJobStamp({ ...numbers(jobId), nonce: '0a1b2c3d', helper: '0.1.0', ...change });
}

export function numbers(jobId: number) {
  return { instance, repositoryId: 1, runId: 10, attempt: 1, jobId, taskId: jobId * 10 };
}

export function receipt(jobId: number, correlationId: string, change: Partial<Receipt> = {}): Receipt {
  return {
    format: 1,
    job: numbers(jobId),
    nonce: '0a1b2c3d',
    sequence: 1,
    vault: 'kv',
    secret: 'database',
    opaque: false,
    version: 'v1',
    clientRequestId: '11111111-2222-4333-8444-555555555555',
    requests: [{ id: correlationId, status: 200, at: moment(100) }],
    address: '20.1.1.1',
    clockOffsetMs: 0,
    previous: null,
    ...change,
  };
}

export function posted(of: Receipt): LedgerReceipt {
  return { receipt: of, channel: 'posted', log: null, reference: `posted/${referenceOf(of)}` };
}

/** Found in the log of `log`; defaults to its own job. */
export function logged(of: Receipt, log: number = of.job.jobId): LedgerReceipt {
  const reference = `logged/${String(log)}/${referenceOf(of)}`;
  return { receipt: of, channel: 'logged', log: { instance, jobId: log, attempt: 1 }, reference };
}

function referenceOf({ job: { jobId }, sequence, requests }: Receipt): string {
  return `${String(jobId)}/${String(sequence)}/${requests.map(({ id }) => id).join()}`;
}

export function policy(change: Partial<Policy> = {}): Policy {
  const rule = (objectId: string, rest: Partial<IdentityRule>): [string, IdentityRule] => [
    objectId,
    { objectId, role: 'runner', runnerLabels: [], repositories: [], addresses: ['20.1.0.0/16'], ...rest },
  ];
  return {
    format: 1,
    limits: { mostPerHour: null, mostPerHourIn: new Map(), environmentOrder: [] },
    secrets: new Map(),
    tracked: new Map(),
    namespaces: new Map(),
    identities: new Map([
      rule('shared', { repositories: ['acme/shop', 'acme/api'] }),
      rule('dedicated', { repositories: ['acme/shop'] }),
      rule('elsewhere', { repositories: ['acme/blog'] }),
      rule('unplaced', { repositories: ['acme/shop', 'acme/api'], addresses: [] }),
      rule('rotator', { role: 'rotator' }),
      rule('reporter', { role: 'reporter' }),
      rule('azure', { role: 'platform' }),
    ]),
    ...change,
  };
}

export function rotation(change: Partial<RotationHistory> = {}): RotationHistory {
  return {
    rotationId: 'abc.1',
    vault: 'kv',
    secret: 'database',
    issuer: 'generated',
    environment: 'prod',
    trigger: 'event',
    askedBy: null,
    reason: null,
    asks: [],
    emergency: false,
    graceMs: 60_000,
    state: 'done',
    stateSince: moment(95),
    fromVersion: 'v0',
    publishedVersion: 'v1',
    claimedAt: moment(90),
    verifiedAt: null,
    publishedAt: moment(95),
    revokedAt: null,
    doneAt: null,
    publication: 'published',
    oldValue: 'in-grace',
    newValue: 'in-force',
    rolledBack: null,
    note: null,
    failure: null,
    approvals: [],
    declines: [],
    places: [],
    head: 'feed',
    operations: [{ operation: 'SecretGet', vault: 'kv', secret: 'database', version: 'v1', at: moment(99) }],
    ...change,
  };
}
