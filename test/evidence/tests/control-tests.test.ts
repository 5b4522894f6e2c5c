import type { GrantHistory } from '../../../src/grants/history/grant-history.ts';
import type { BrokerHistory, BrokerRead } from '../../../src/broker/history/broker-history.ts';
import { trackRotationsDue } from '../../../src/audit/period/rotations-due.ts';
import { nothingBrokered } from '../../audit/nothing-brokered.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Grade } from '../../../src/audit/model/attribution.ts';
import type {
  AuditedEvent,
  AuditedPeriod,
  GrantDay,
  ReceiptRecord,
  SecretDay,
} from '../../../src/audit/model/audited-period.ts';
import { liveFindings } from '../../../src/audit/findings/life/live-findings.ts';
import type { FindingStep } from '../../../src/audit/model/finding-life.ts';
import type { Finding, FindingRule } from '../../../src/audit/model/finding.ts';
import { readControlCatalogue } from '../../../src/evidence/report/control-catalogue.ts';
import { observeControls } from '../../../src/evidence/report/observe-controls.ts';
import { issuersWithoutProvider } from '../../../src/audit/criteria/rotation-criteria.ts';
import {
  controlTests,
  runControlTests,
  type RunningTests,
  type TestDeferral,
  type TestDeviation,
} from '../../../src/evidence/tests/run-control-tests.ts';
import type { Job } from '../../../src/audit/model/job.ts';
import type { RotationHistory } from '../../../src/rotation/history/rotation-history.ts';
import { emptyPolicy } from '../../../src/secrets/policy.ts';
import * as given from '../../audit/attribution-fixtures.ts';
import { bound, found, inventoried, secret } from '../../audit/finding-fixtures.ts';
import type { Person } from '../../../src/provenance/person.ts';
import { subjectOf } from '../../../src/audit/model/retrieval-names.ts';
import { personCalled } from '../../provenance/people.ts';

const catalogue = await readControlCatalogue(['soc2', 'iso27001']);

type Judged = Partial<Record<FindingRule, 'broken' | 'kept'>>;

function judgements(judged: Judged): ReadonlyMap<FindingRule, 'broken' | 'kept'> {
  return new Map(Object.entries(judged) as [FindingRule, 'broken' | 'kept'][]);
}

function read(grade: Grade, judged: Judged = {}, change: Partial<AuditedEvent['retrieval']> = {}): AuditedEvent {
  const retrieval = given.row('c1', change);
  const job = grade === 'corroborated' ? given.job(1) : null;
  const attribution = { retrieval, grade, job, candidates: [], reason: 'no-job-was-running', evidence: [] };
  return { retrieval, attribution, judgements: judgements(judged) };
}

function other(kind: 'denied' | 'write', judged: Judged = {}): AuditedEvent {
  return { retrieval: given.row('w', { kind }), attribution: null, judgements: judgements(judged) };
}

function day(
  judged: Judged,
  change: Parameters<typeof inventoried>[0] = {},
  at = '2026-03-02T23:00:00.000Z',
): SecretDay {
  const [entry] = inventoried(change).entries;
  if (entry === undefined) throw new TypeError('The fixture lists no secret.');
  return { day: at.slice(0, 10), at, secret: entry, judgements: judgements(judged) };
}

const receiptRecord: ReceiptRecord = {
  reference: 'receipts/1',
  also: [],
  channel: 'posted',
  job: 'acme/shop 10/1.1',
  vault: 'kv',
  secret: 'database',
  version: 'v1',
  answeredAt: given.moment(100),
  requests: ['c1'],
  clockOffsetMs: 40,
  matched: true,
  contested: false,
};

const grantDay: GrantDay = {
  verdict: 'may-read',
  id: 'runner assignment 2026-03-02',
  day: '2026-03-02',
  at: given.moment(0),
  vault: 'kv',
  principalId: 'runner',
  role: 'Key Vault Secrets User',
  scope: '/subscriptions/s/secrets/database',
  reach: 'secret',
  group: null,
  why: null,
};

/** A value that the broker gave to a job of a repository. */
function brokerRead(repository: string): BrokerRead {
  const job = {
    instance: 'aaaaaaaa',
    taskId: 9,
    repositoryId: 1,
    repository,
    runId: 4,
    jobId: 7,
    attempt: 1,
    startedAt: null,
    event: 'push',
    branch: 'main',
    protectedBranch: true,
    fork: false,
    workflow: 'deploy.yml',
    commit: null,
    triggeredBy: null,
  };
  return {
    reference: 'broker/aaaaaaaa-000000000009#2',
    at: given.moment(95),
    job,
    vault: 'kv',
    secret: 'database',
    version: 'v1',
    nonce: '00000001',
    namespace: 'production',
    grant: null,
    purpose: 'value',
    requestId: 'request-1',
    outcome: 'served',
  };
}

const approvedRead: BrokerHistory = {
  reads: [{ ...brokerRead('acme/shop'), grant: 'aaaaaaaa-000000000009.0123456789ab' }],
  refusals: [],
  secondKeys: [],
  uses: [],
};

/** A policy that states one use of the secret. */
function stating() {
  const use = { hosts: ['api.example.org'], port: 443, methods: ['GET'], paths: ['/v1/*'] };
  return bound({}, { uses: [{ ...use, place: 'basic', addresses: 'public' }] });
}

/** One request that the broker made with the secret, as the policy's pattern of its path tells. */
function usedAt(path: string): BrokerHistory {
  const { reference, at, job } = brokerRead('acme/shop');
  const request = { method: 'GET', host: 'api.example.org', path, secrets: ['kv/database'] };
  const outcome = { outcome: 'made', because: [], status: 200, code: null, bytesOut: 0, bytesIn: 12 } as const;
  return { reads: [], refusals: [], secondKeys: [], uses: [{ reference, at, job, ...request, ...outcome }] };
}

/** A policy that asks a person before a job gets the secret. */
function asking() {
  const when = { branches: [], events: [], workflows: [], protectedBranch: false };
  return bound({}, { access: { approvers: ['operator'], lastsMs: 60_000, uses: 1, when } });
}

/** A request that somebody with this account of Gitea approved; account 1 started the run, and 2 wrote the commit. */
function accessRequest(account: number): GrantHistory {
  const job = {
    repository: 'acme/shop',
    runId: 4,
    jobId: 7,
    attempt: 1,
    commit: null,
    workflow: null,
    branch: 'main',
    event: 'push',
  };
  return {
    grant: 'aaaaaaaa-000000000009.0123456789ab',
    number: 1,
    requestedAt: given.moment(90),
    request: {
      act: 'requested',
      vault: 'kv',
      secret: 'database',
      job,
      triggeredBy: { id: 1, login: 'ann' },
      author: { id: 2, login: 'bob' },
      approvers: ['operator'],
      lastsMs: 60_000,
      uses: 1,
    },
    standing: 'spent',
    answer: {
      says: 'approved',
      by: personCalled('carl'),
      at: given.moment(92),
      breakGlass: false,
      account,
      reason: '',
    },
    uses: ['broker/aaaaaaaa-000000000009#2'],
  };
}

interface World extends Partial<AuditedPeriod> {
  readonly rows?: readonly AuditedEvent[];
  readonly days?: readonly SecretDay[];
  readonly history?: readonly RotationHistory[];
  readonly jobRecords?: readonly Job[];
  readonly brokered?: BrokerHistory;
  readonly accessRequests?: readonly GrantHistory[];
  readonly receiptRecords?: readonly ReceiptRecord[];
}

/** The outcome of one test over a day, its deviations, and those that were reported. */
function run(test: string, world: World) {
  const {
    rows = [],
    days = [],
    history: rotations = [],
    jobRecords = [],
    receiptRecords = [],
    brokered = nothingBrokered,
    accessRequests = [],
    ...change
  } = world;
  const dues = trackRotationsDue();
  for (const [at, seen] of Map.groupBy(days, (day) => day.at)) dues.see({ at, entries: seen.map((day) => day.secret) });
  const audited: AuditedPeriod = {
    period: { from: new Date('2026-03-02T00:00:00Z'), to: new Date('2026-03-03T00:00:00Z') },
    asOf: new Date('2026-03-03T00:00:00Z'),
    vaults: ['kv'],
    rowsRead: 10,
    exclusions: [],
    unreadableRows: [],
    policyAt: () => bound({ repositories: ['acme/shop'] }, { approval: ['publish'] }),
    policies: [],
    policyChanges: [],
    ownReads: [],
    findings: [],
    findingLives: new Map(),
    findingSteps: [],
    jobs: 0,
    receipts: { posted: 0, logged: 0, matched: 0, orphaned: 0 },
    coverage: [],
    notRead: [],
    queries: [],
    slices: [],
    inventory: [],
    rotationsDue: dues.all(new Map()),
    access: { grantDays: [], settingLooks: [], tableLooks: [], setupLooks: [], notSeen: [] },
    ...change,
  };
  const reported: TestDeviation[] = [];
  const deferred: TestDeferral[] = [];
  const reports = {
    deviation: (one: TestDeviation) => reported.push(one),
    deferral: (one: TestDeferral) => deferred.push(one),
  };
  const material = { period: audited.period, policyAt: audited.policyAt, rotations, brokered, accessRequests };
  const sum = runControlTests(material, reports);
  // Each event is a share of its own.
  const share = (show: (tests: RunningTests) => void) => {
    const tests = runControlTests(material, reports);
    show(tests);
    sum.absorb(tests.take());
  };
  for (const one of days) sum.secretDay(one);
  for (const row of rows) share((tests) => tests.event(row));
  for (const job of jobRecords) share((tests) => tests.job(job));
  for (const receipt of receiptRecords) share((tests) => tests.receipt(receipt));
  sum.finish(audited);
  for (const one of deferred) sum.deferred(one);
  const outcome = sum.outcomes().get(test);
  if (outcome === undefined) throw new TypeError(`There is no test ${test}.`);
  const mine = reported.filter((one) => one.test === test);
  // As the report says it.
  const observed = observeControls(catalogue, { audited, outcomes: sum.outcomes(), paths: [] })
    .flatMap(({ controls }) => controls.flatMap(({ tests }) => tests.map(({ observation }) => observation)))
    .find(({ id }) => id === test);
  return { ...outcome, reported: mine, statement: observed?.statement ?? '' };
}

const noPolicy = { policyAt: () => emptyPolicy };
const published = given.rotation({ publication: 'published', oldValue: 'dead' });
const approved = (change: Partial<RotationHistory['approvals'][number]> = {}, rest: Partial<RotationHistory> = {}) =>
  given.rotation({
    approvals: [
      { step: 'publish', by: personCalled('bob'), at: given.moment(94), breakGlass: false, reason: 'seen', ...change },
    ],
    askedBy: personCalled('ann'),
    ...rest,
  });
const askedAgainByBob = approved(
  {},
  { asks: [{ what: 'request-again', by: personCalled('bob'), at: given.moment(93), reason: 'the server is back' }] },
);
const set = given.row('w', { kind: 'write', operation: 'SecretSet' });
const setupLook = {
  at: given.moment(0),
  vault: 'kv',
  usesRoles: true,
  softDelete: true,
  softDeleteDays: 90,
  purgeProtection: true,
  publicAccess: true,
  firewall: { defaultAction: 'deny', azureServices: false, addresses: [], networks: 0 },
  changes: [],
} as const;
const setUp = (change: object = {}) => ({
  access: { grantDays: [], settingLooks: [], tableLooks: [], setupLooks: [{ ...setupLook, ...change }], notSeen: [] },
});
const slice = { path: 's', sha256: '', rows: 1, count: 5, controlTotal: 5, isIntact: true };

const stranger: Finding = {
  format: 1,
  id: 'f1',
  rule: 'unknown-identity-read',
  severity: 'high',
  subject: 'stranger',
  description: 'A stranger read it.',
  firstAt: given.at(100),
  lastAt: given.at(100),
  count: 1,
  evidence: ['row-c1'],
  ended: null,
};
const acceptance: FindingStep = {
  format: 1,
  number: 1,
  finding: 'f1',
  at: given.moment(200),
  by: personCalled('ann'),
  kind: 'accepted',
  text: 'it is our scanner',
  until: given.moment(10_000),
  owner: null,
  due: null,
  ticket: null,
  previous: null,
};

/** A request that the firewall of a vault refused. */
function refused(judgement: 'broken' | 'kept'): AuditedEvent {
  return other('denied', { 'refused-outside': judgement });
}
const sensitive = { ...other('write', { 'sensitive-operation': 'broken' }) };
const backedUp: Finding = {
  ...stranger,
  id: 'f2',
  rule: 'sensitive-operation',
  subject: subjectOf(sensitive.retrieval),
  evidence: [sensitive.retrieval.id],
};
const keptTable = (change: object) => ({
  access: {
    grantDays: [],
    settingLooks: [],
    tableLooks: [
      {
        at: given.moment(0),
        table: 'AZKVAuditLogs',
        plan: 'Analytics',
        retentionDays: 30,
        totalRetentionDays: 365,
        ...change,
      },
    ],
    setupLooks: [],
    notSeen: [],
  },
});

/** For each test: a world in which the control works, and the same with the control broken. */
const cases: Readonly<Record<string, { readonly works: World; readonly broken: World }>> = {
  'reads-accounted': { works: { rows: [read('authenticated'), read('person')] }, broken: { rows: [read('claimed')] } },
  'identities-known': {
    works: { rows: [read('inferred', { 'unknown-identity-read': 'kept' })] },
    broken: { rows: [read('claimed', { 'unknown-identity-read': 'broken' })] },
  },
  'reads-inside-namespace': {
    works: { rows: [read('corroborated', { 'read-outside-namespace': 'kept' })] },
    broken: { rows: [read('corroborated', { 'read-outside-namespace': 'broken' })] },
  },
  'reads-by-persons': {
    works: { rows: [read('inferred', { 'read-by-person': 'kept' })] },
    broken: { rows: [read('person', { 'read-by-person': 'broken' })] },
  },
  'old-versions-unread': {
    works: { rows: [read('inferred', { 'old-version-read': 'kept' })], history: [published] },
    broken: { rows: [read('inferred', { 'old-version-read': 'broken' })], history: [published] },
  },
  'expired-values-unread': {
    works: { rows: [read('inferred', { 'expired-value-read': 'kept' })] },
    broken: { rows: [read('inferred', { 'expired-value-read': 'broken' })] },
  },
  'inventory-complete': {
    works: { rows: [read('inferred', { 'secret-not-inventoried': 'kept' })] },
    broken: { rows: [read('inferred', { 'secret-not-inventoried': 'broken' })] },
  },
  'staging-untouched': {
    works: { rows: [{ ...read('rotation', { 'staging-read': 'kept' }), attribution: null }] },
    broken: { rows: [read('inferred', { 'staging-read': 'broken' })] },
  },
  'changes-explained': {
    works: { rows: [other('write', { 'unexplained-write': 'kept' })] },
    broken: { rows: [other('write', { 'unexplained-write': 'broken' })] },
  },
  'sets-inventoried': {
    works: { rows: [{ ...other('write', { 'secret-not-inventoried': 'kept' }), retrieval: set }] },
    broken: { rows: [{ ...other('write', { 'secret-not-inventoried': 'broken' }), retrieval: set }] },
  },
  'denials-watched': {
    works: { rows: [other('denied')] },
    broken: {
      rows: [other('denied')],
      findings: [
        {
          format: 1,
          id: 'f',
          rule: 'denied-burst',
          severity: 'medium',
          subject: 'shared',
          description: '',
          firstAt: given.at(0),
          lastAt: given.at(200),
          count: 1,
          evidence: [],
          ended: null,
        },
      ],
    },
  },
  'outside-refused': {
    works: { rows: [refused('kept')] },
    broken: { rows: [refused('broken')] },
  },
  'sensitive-operations': {
    works: {
      rows: [sensitive],
      findings: [backedUp],
      findingLives: liveFindings([backedUp], [{ ...acceptance, finding: backedUp.id }], new Date(given.moment(9_000))),
    },
    broken: {
      rows: [sensitive],
      findings: [backedUp],
      findingLives: liveFindings([backedUp], [], new Date(given.moment(9_000))),
    },
  },
  'places-served': {
    works: {
      history: [given.rotation({ places: [{ place: 'gitea-actions-secret acme/shop', givenAt: given.moment(96) }] })],
    },
    broken: { history: [given.rotation({ places: [{ place: 'gitea-actions-secret acme/shop', givenAt: null }] })] },
  },
  'log-kept': {
    works: keptTable({}),
    broken: keptTable({ plan: 'Basic' }),
  },
  'rows-understood': {
    works: { rowsRead: 3 },
    broken: { rowsRead: 3, unreadableRows: [{ place: '#1', reason: 'no status' }] },
  },
  'expiry-set': {
    works: { days: [day({ 'secret-without-expiry': 'kept' })] },
    broken: { days: [day({ 'secret-without-expiry': 'broken' })] },
  },
  'tags-within-policy': {
    works: { days: [day({ 'tag-malformed': 'kept', 'tag-widened': 'kept' })] },
    broken: { days: [day({ 'tag-malformed': 'kept', 'tag-widened': 'broken' })] },
  },
  'rotation-on-time': {
    works: {
      days: [
        day({}, { expires: '2026-03-04T00:00:00.000Z' }),
        day({}, { version: 'v2', created: '2026-03-03T00:00:00.000Z' }, '2026-03-03T23:00:00.000Z'),
      ],
    },
    broken: {
      days: [
        day({}, { expires: '2026-03-03T00:00:00.000Z' }),
        day({}, { version: 'v2', created: '2026-03-03T01:00:00.000Z' }, '2026-03-03T23:00:00.000Z'),
      ],
    },
  },
  'secrets-in-use': {
    works: { inventory: [secret()] },
    broken: {
      inventory: [secret()],
      findings: [{ ...stranger, rule: 'secret-never-read', subject: 'kv/database' }],
    },
  },
  'rotations-finish': {
    works: { history: [published] },
    broken: {
      history: [published],
      findings: [
        {
          format: 1,
          id: 'f',
          rule: 'rotation-failed',
          severity: 'high',
          subject: 'kv/database',
          description: 'It stopped.',
          firstAt: given.moment(95),
          lastAt: given.moment(95),
          count: 1,
          evidence: [`abc.1 ${given.moment(95)}`],
          ended: { at: given.moment(99), by: 'rotation abc.1: done' },
        },
      ],
    },
  },
  'old-values-end': {
    works: { history: [published] },
    broken: { history: [given.rotation({ issuer: 'gitea-token', oldValue: 'disabled-only' })] },
  },
  'approvals-given': { works: { history: [approved()] }, broken: { history: [given.rotation()] } },
  'emergency-acts-reasoned': {
    works: { history: [given.rotation({ emergency: true, askedBy: personCalled('ann'), reason: 'leaked' })] },
    broken: { history: [given.rotation({ emergency: true, askedBy: personCalled('ann'), reason: null })] },
  },
  'broker-decides': {
    works: { brokered: { reads: [brokerRead('acme/shop')], refusals: [], secondKeys: [], uses: [] } },
    broken: { brokered: { reads: [brokerRead('acme/other')], refusals: [], secondKeys: [], uses: [] } },
  },
  'uses-as-stated': {
    works: { policyAt: stating, brokered: usedAt('/v1/*') },
    broken: { policyAt: stating, brokered: usedAt('/v2/*') },
  },
  'access-approved': {
    works: { policyAt: asking, brokered: approvedRead, accessRequests: [accessRequest(7)] },
    broken: { policyAt: asking, brokered: approvedRead, accessRequests: [accessRequest(1)] },
  },
  'receipts-reconcile': {
    works: { receiptRecords: [receiptRecord] },
    broken: { receiptRecords: [{ ...receiptRecord, matched: false }] },
  },
  'clocks-agree': {
    works: { receiptRecords: [receiptRecord] },
    broken: { receiptRecords: [{ ...receiptRecord, clockOffsetMs: -31_000 }] },
  },
  'jobs-on-record': {
    works: { jobRecords: [given.job(1)] },
    broken: { jobRecords: [given.job(1, { known: 'hook' })] },
  },
  'log-complete': {
    works: { coverage: [{ hour: '2026-03-02T00:00:00Z', rows: 1, state: 'covered' }] },
    broken: { coverage: [{ hour: '2026-03-02T00:00:00Z', rows: 1, state: 'gap' }] },
  },
  'totals-agree': { works: { slices: [slice] }, broken: { slices: [{ ...slice, count: 4 }] } },
  'evidence-hashed': { works: { slices: [slice] }, broken: { slices: [{ ...slice, isIntact: false }] } },
  'grants-reviewed': {
    works: { access: { grantDays: [grantDay], settingLooks: [], tableLooks: [], setupLooks: [], notSeen: [] } },
    broken: {
      access: {
        grantDays: [{ ...grantDay, why: 'too much' }],
        settingLooks: [],
        tableLooks: [],
        setupLooks: [],
        notSeen: [],
      },
    },
  },
  'setup-unchanged': { works: setUp(), broken: setUp({ changes: ['purge protection from on to off'] }) },
  'vaults-shielded': {
    works: setUp(),
    broken: setUp({ firewall: { ...setupLook.firewall, defaultAction: 'allow' } }),
  },
  'deletion-recoverable': { works: setUp(), broken: setUp({ purgeProtection: false }) },
  'log-sent': {
    works: {
      access: {
        grantDays: [],
        tableLooks: [],
        settingLooks: [{ at: given.moment(0), vault: 'kv', sent: true }],
        setupLooks: [],
        notSeen: [],
      },
    },
    broken: {
      access: {
        grantDays: [],
        tableLooks: [],
        settingLooks: [{ at: given.moment(0), vault: 'kv', sent: false }],
        setupLooks: [],
        notSeen: [],
      },
    },
  },
  'findings-decided': {
    works: {
      findings: [stranger],
      findingLives: liveFindings([stranger], [acceptance], new Date(given.moment(9_000))),
    },
    broken: { findings: [stranger], findingLives: liveFindings([stranger], [], new Date(given.moment(9_000))) },
  },
  'policy-changes': {
    works: { policyChanges: [{ loadedAt: given.moment(0), sha256: 'b', before: 'a', changes: ['x'], widens: [] }] },
    broken: { policyChanges: [{ loadedAt: given.moment(0), sha256: 'b', before: 'a', changes: ['x'], widens: ['x'] }] },
  },
};

const noLooks = { grantDays: [], settingLooks: [], tableLooks: [], setupLooks: [], notSeen: [] };

/** A world in which one part of Azure's settings was not seen, and what the tests that rest on it say. */
function unseenPart(about: 'grants' | 'settings' | 'tables' | 'setup') {
  const says = `the ${about} of kv could not be seen, because Azure did not answer`;
  const another = { about: 'metric', says: 'the request metric of kv could not be seen' } as const;
  return { world: { access: { ...noLooks, notSeen: [{ about, says }, another] } }, says: `Not tested: ${says}.` };
}

/** For each test: a world in which it cannot test, and what the report says then. */
const untested: Readonly<Record<string, { readonly world: World; readonly says: string }>> = {
  'reads-accounted': {
    world: { policyAt: () => emptyPolicy, rows: [read('unattributed')] },
    says: 'Not tested: 1 read while the policy lists no identity.',
  },
  'identities-known': {
    world: { rows: [read('person', {}, { identity: given.person('ada@example.com') })] },
    says: 'Not tested: 1 read by a person, whom no policy lists.',
  },
  'reads-inside-namespace': { world: { rows: [read('rotation')] }, says: 'Not tested: 1 read tied to no job.' },
  'reads-by-persons': { world: { rows: [read('unattributed')] }, says: 'Not tested: 1 read of no known identity.' },
  'old-versions-unread': {
    world: { rows: [read('inferred', { 'old-version-read': 'kept' })] },
    says: 'Not tested: 1 read while no rotation that replaced a version is on record.',
  },
  'expired-values-unread': {
    world: { rows: [read('inferred')] },
    says: 'Not tested: 1 read of versions whose expiry no inventory states.',
  },
  'inventory-complete': {
    world: { rows: [read('inferred')] },
    says: 'Not tested: 1 read of staging secrets, or without a later inventory.',
  },
  'staging-untouched': {
    world: { rows: [read('inferred')] },
    says: 'Not tested: there are no reads of staging secrets.',
  },
  'changes-explained': {
    world: { rows: [other('write')] },
    says: 'Not tested: 1 write of secrets that the policy does not bind, or that set no value.',
  },
  'sets-inventoried': {
    world: { rows: [other('write'), { ...other('write'), retrieval: set }] },
    says: 'Not tested: 1 write that set no value; 1 write of staging secrets, or without a later inventory.',
  },
  'denials-watched': { world: { rows: [read('inferred')] }, says: 'Not tested: there are no refusals.' },
  'outside-refused': {
    world: { rows: [other('denied')] },
    says: 'Not tested: 1 refusal by something else than the firewall of a vault.',
  },
  'sensitive-operations': {
    world: { rows: [other('write')] },
    says: 'Not tested: there are no sensitive operations.',
  },
  'places-served': {
    world: { history: [given.rotation({ places: [{ place: 'p', givenAt: null }], newValue: 'withdrawn' })] },
    says: 'Not tested: 1 place of values that were replaced first.',
  },
  'log-kept': unseenPart('tables'),
  'log-sent': unseenPart('settings'),
  'grants-reviewed': unseenPart('grants'),
  'setup-unchanged': unseenPart('setup'),
  'vaults-shielded': unseenPart('setup'),
  'deletion-recoverable': unseenPart('setup'),
  'rows-understood': { world: { rowsRead: 0 }, says: 'Not tested: there are no rows.' },
  'expiry-set': { world: { days: [day({})] }, says: 'Not tested: 1 secret a day disabled, or of Keyturn itself.' },
  'tags-within-policy': { world: { days: [day({})] }, says: 'Not tested: 1 secret a day not bound by the policy.' },
  'rotation-on-time': {
    world: { days: [day({})] },
    says: 'Not tested: there are no versions that came due or were replaced.',
  },
  'secrets-in-use': {
    world: { inventory: [secret({ own: true }), secret({ reads: 0 })] },
    says: 'Not tested: 1 secret disabled, or of Keyturn itself; 1 secret not seen for four weeks.',
  },
  'rotations-finish': {
    world: {
      history: [
        given.rotation({ state: 'awaiting-go', publication: 'not-yet' }),
        given.rotation({ state: 'needs-attention', stops: [] }),
      ],
    },
    says: 'Not tested: 1 rotation that had not reached its end; 1 rotation that stopped outside the period.',
  },
  'old-values-end': {
    world: { history: [given.rotation({ oldValue: 'in-grace' })] },
    says: 'Not tested: 1 credential still in grace.',
  },
  'approvals-given': {
    world: { policyAt: () => emptyPolicy, history: [given.rotation()] },
    says: 'Not tested: there are no steps that needed approval.',
  },
  'emergency-acts-reasoned': {
    world: { history: [given.rotation()] },
    says: 'Not tested: there are no emergency and break-glass acts.',
  },
  'broker-decides': { world: {}, says: 'Not tested: there are no requests to the broker.' },
  'uses-as-stated': { world: {}, says: 'Not tested: there are no requests in the place of jobs.' },
  'access-approved': {
    world: { brokered: approvedRead },
    says: 'Not tested: there are no reads that need approval.',
  },
  'receipts-reconcile': {
    world: { receiptRecords: [{ ...receiptRecord, matched: null }] },
    says: 'Not tested: 1 receipt of refused reads, or whose rows may still arrive.',
  },
  'clocks-agree': {
    world: { receiptRecords: [{ ...receiptRecord, clockOffsetMs: null }] },
    says: 'Not tested: 1 receipt without a clock difference.',
  },
  'jobs-on-record': {
    world: { jobRecords: [given.job(1, { status: 'in_progress', completedAt: null })] },
    says: 'Not tested: 1 job that had not ended.',
  },
  'log-complete': {
    world: { coverage: [{ hour: '2026-03-02T00:00:00Z', rows: 0, state: 'not-read' }] },
    says: 'Not tested: 1 hour not read.',
  },
  'totals-agree': {
    world: { slices: [{ ...slice, controlTotal: null }] },
    says: 'Not tested: 1 slice of files, which have no independent total.',
  },
  'evidence-hashed': { world: {}, says: 'Not tested: there are no slices.' },
  'findings-decided': {
    world: { findings: [{ ...stranger, severity: 'medium' }] },
    says: 'Not tested: 1 exception of a lower severity than high.',
  },
  'policy-changes': { world: {}, says: 'Not tested: there are no changes of the policy.' },
};

describe('every control test', () => {
  it('has a case in which it fails, and one in which it cannot test', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(controlTests).sort());
    expect(Object.keys(untested).sort()).toEqual(Object.keys(controlTests).sort());
    expect(catalogue.observations.map(({ id }) => id).sort()).toEqual(Object.keys(controlTests).sort());
  });

  it.each(Object.entries(untested))('%s says why it did not test', (test, { world, says }) => {
    const outcome = run(test, world);
    expect([outcome.tested, outcome.statement]).toEqual([0, says]);
  });

  it.each(Object.entries(cases))('%s keeps what works, and counts what is broken', (test, { works, broken }) => {
    const good = run(test, works);
    expect([good.deviations, good.tested > 0]).toEqual([0, true]);
    const bad = run(test, broken);
    expect(bad.deviations).toBeGreaterThan(0);
    expect(bad.reported).toHaveLength(bad.deviations);
    for (const { event, subject, why } of bad.reported)
      expect([event, subject, why].every((one) => one !== '')).toBe(true);
    for (const { tested, deviations, untested, population } of [good, bad]) {
      expect(deviations).toBeLessThanOrEqual(tested);
      expect(tested + untested.reduce((sum, { count }) => sum + count, 0)).toBe(population);
    }
  });
});

/** Tests whose events are findings themselves, or are told from findings: they deviate only where there is one. */
const toldFromFindings = [
  'findings-decided',
  'denials-watched',
  'sensitive-operations',
  'rotations-finish',
  'secrets-in-use',
];

/** Tests of rows, receipts, inventories and looks: their verdict is that of a rule; test/audit/findings holds each rule. */
const judgedByRules = `reads-accounted identities-known reads-inside-namespace reads-by-persons old-versions-unread
  expired-values-unread inventory-complete staging-untouched changes-explained sets-inventoried expiry-set
  tags-within-policy rotation-on-time rows-understood outside-refused receipts-reconcile clocks-agree log-complete
  log-sent grants-reviewed`.split(/\s+/);

describe('every deviation has a finding with a life', () => {
  it('because every test that can deviate is covered by a rule', () => {
    const uncovered = catalogue.observations.filter(({ rules }) => rules.length === 0).map(({ id }) => id);
    // Its deviations are findings that are open.
    expect(uncovered).toEqual(['findings-decided']);
  });

  const others = Object.entries(cases).filter(([test]) => ![...toldFromFindings, ...judgedByRules].includes(test));
  it.each(others)(
    '%s: the rules of the test find what it counts, and the same world mended has no finding',
    (test, world) => {
      const rules = catalogue.observations.find(({ id }) => id === test)?.rules ?? [];
      const told = ({
        access,
        slices,
        policyChanges,
        history,
        brokered,
        accessRequests,
        jobRecords,
        policyAt,
      }: World) =>
        found({
          policyAt: policyAt ?? (() => bound({ repositories: ['acme/shop'] }, { approval: ['publish'] })),
          ...(access === undefined ? {} : { access }),
          ...(slices === undefined ? {} : { slices }),
          ...(policyChanges === undefined ? {} : { policyChanges }),
          ...(history === undefined ? {} : { history }),
          ...(brokered === undefined ? {} : { brokered }),
          ...(accessRequests === undefined ? {} : { accessRequests }),
          ...(jobRecords === undefined ? {} : { jobRecords }),
        }).filter(({ rule }) => rules.includes(rule) && rule !== 'broker-read-missing');
      expect(told(world.works)).toEqual([]);
      const findings = told(world.broken);
      for (const { event } of run(test, world.broken).reported)
        expect(findings.some(({ evidence }) => evidence.includes(event))).toBe(true);
      expect(findings.length).toBeGreaterThan(0);
    },
  );
});

describe('a test without its criterion', () => {
  it.each(['reads-accounted', 'reads-inside-namespace', 'identities-known'])(
    '%s tests nothing while there is no policy',
    (test) => {
      const rows = [read('claimed'), read('unattributed')];
      expect(run(test, { ...noPolicy, rows })).toMatchObject({ population: 2, tested: 0, deviations: 0 });
    },
  );

  it('does not take our own count of a file for a control total', () => {
    expect(run('totals-agree', { slices: [{ ...slice, controlTotal: null }] })).toMatchObject({ tested: 0 });
  });
});

describe('exceptions count the unit that is tested', () => {
  it('60 of 60 reads outside the namespace are 60 exceptions', () => {
    const rows = Array.from({ length: 60 }, () => read('corroborated', { 'read-outside-namespace': 'broken' }));
    expect(run('reads-inside-namespace', { rows })).toMatchObject({ tested: 60, deviations: 60 });
  });

  it('40 refusals of one burst are 40 exceptions', () => {
    const { findings = [] } = cases['denials-watched']?.broken ?? {};
    const rows = Array.from({ length: 40 }, () => other('denied'));
    expect(run('denials-watched', { rows, findings })).toMatchObject({ tested: 40, deviations: 40 });
  });
});

describe('grants a day', () => {
  it('are not tested where nobody can tell whether the holder can read', () => {
    const verdicts = ['may-read', 'on-condition', 'may-activate', 'cannot-tell', 'may-grant-itself'] as const;
    const grantDays = verdicts.map((verdict) => ({ ...grantDay, verdict, id: verdict }));
    const outcome = run('grants-reviewed', { access: { ...noLooks, grantDays } });
    expect(outcome).toMatchObject({ population: 5, tested: 1, deviations: 0 });
    expect(outcome.statement).toBe(
      'Tested 1 grant a day of 5; exceptions: none. Not tested: 1 grant a day on a condition; 1 grant a day not activated; 1 grant a day of a group, role or denial that was not seen; 1 grant a day to give oneself access.',
    );
  });
});

describe('replaced credentials are dead', () => {
  it('counts only those shown dead, one rotation for each way of ending', () => {
    const endings = [
      'dead',
      'disabled-only',
      'cannot-be-shown',
      'perhaps-replaced',
      'in-grace',
      'in-force-again',
    ] as const;
    const history = endings.map((oldValue) => given.rotation({ issuer: 'gitea-token', oldValue }));
    expect(run('old-values-end', { history })).toMatchObject({ population: 6, tested: 4, deviations: 3 });
  });

  it('does not test a disabled value that no provider can be asked about', () => {
    const history = [given.rotation({ issuer: 'generated', oldValue: 'disabled-only' })];
    expect(run('old-values-end', { history })).toMatchObject({ population: 1, tested: 0 });
  });

  it('knows every issuer without a provider', () => {
    const folder = new URL('../../../src/issuers/local/', import.meta.url);
    const names = readdirSync(folder)
      .filter((name) => name !== 'self-issuer.ts')
      .map((name) => /name: '([a-z-]+)'/.exec(readFileSync(new URL(name, folder), 'utf8'))?.[1] ?? name);
    expect([...issuersWithoutProvider].sort()).toEqual(names.sort());
  });
});

describe('the boundary of a vault', () => {
  it('tests refusals by the firewall alone, and counts each by an identity of the policy', () => {
    const rows = [refused('broken'), refused('broken'), refused('kept'), other('denied')];
    expect(run('outside-refused', { rows })).toMatchObject({ population: 4, tested: 3, deviations: 2 });
  });
});

describe('further places', () => {
  it('are not held against a rotation whose value was rolled back or replaced first', () => {
    const places = [{ place: 'gitea-actions-secret acme/shop', givenAt: null }];
    const history = [
      given.rotation({ places, newValue: 'withdrawn' }),
      given.rotation({ places, publication: 'not-yet' }),
    ];
    expect(run('places-served', { history })).toMatchObject({ population: 1, tested: 0, deviations: 0 });
  });
});

describe('a further place that was given a value late', () => {
  it('is an exception of the period, and ended', () => {
    const places = (givenAt: string | null) => [
      given.rotation({ places: [{ place: 'gitea-actions-secret acme/shop', givenAt }] }),
    ];
    const late = places(given.moment(95 + 3_601));
    expect(run('places-served', { history: late })).toMatchObject({ tested: 1, deviations: 1 });
    const [finding] = found({ history: late }).filter(({ rule }) => rule === 'place-not-served');
    const [open] = found({ history: places(null) }).filter(({ rule }) => rule === 'place-not-served');
    expect([finding?.id, finding?.ended?.at, open?.ended]).toEqual([open?.id, given.moment(95 + 3_601), null]);
    expect(found({ history: places(given.moment(95 + 3_600)) }).map(({ rule }) => rule)).not.toContain(
      'place-not-served',
    );
  });

  it('is not held against a value that was published less than an hour before', () => {
    const history = [given.rotation({ places: [{ place: 'p', givenAt: null }] })];
    const outcome = run('places-served', { history, asOf: new Date(Date.parse(given.moment(95)) + 1_000) });
    expect(outcome).toMatchObject({ population: 1, tested: 0 });
  });
});

describe('the tables of the log', () => {
  it('keep rows for the whole period and the two days until it is reported', () => {
    const outcome = (retentionDays: number) => {
      const from = new Date('2026-01-01T00:00:00Z');
      const period = { from, to: new Date('2026-04-01T00:00:00Z') };
      return run('log-kept', { ...keptTable({ retentionDays }), period });
    };
    expect([outcome(92).deviations, outcome(91).deviations]).toEqual([0, 1]);
    expect(outcome(30).reported[0]?.why).toBe('it keeps rows 30 days, and 92 are needed');
  });
});

describe('a broken glass', () => {
  it('counts for a request of a job as it does for a rotation', () => {
    const { answer, ...rest } = accessRequest(7);
    if (answer === null) throw new TypeError('it was answered');
    const broken = (by: Person) => ({ ...rest, answer: { ...answer, by, breakGlass: true, reason: 'INC-42' } });
    const unnamed: Person = { kind: 'unnamed', door: 'command-line', name: 'root' };
    const outcome = (by: Person) => run('emergency-acts-reasoned', { accessRequests: [broken(by)] });
    expect(outcome(personCalled('carl'))).toMatchObject({ tested: 1, deviations: 0 });
    expect(outcome(unnamed)).toMatchObject({ tested: 1, deviations: 1 });
  });
});

describe('steps under approval', () => {
  it('count a step that waits, or was never approved, as a control that worked', () => {
    const waiting = given.rotation({ state: 'awaiting-approval', publication: 'not-yet', publishedAt: null });
    expect(run('approvals-given', { history: [waiting] })).toMatchObject({ tested: 1, deviations: 0 });
  });

  it.each([
    ['break-glass', approved({ breakGlass: true })],
    ['whoever asked again', askedAgainByBob],
    ['the person who asked', approved({ by: personCalled('ann') })],
    ['a machine account', approved({ by: { kind: 'machine', subject: { issuer: 'i', id: 'm' }, name: 'm' } })],
    ['nobody', given.rotation({ approvals: [] })],
  ])('count one that was taken with the approval of %s as an exception', (_name, rotation) => {
    expect(run('approvals-given', { history: [rotation] })).toMatchObject({ tested: 1, deviations: 1 });
  });

  it('are those of the policy that was in force when the rotation began', () => {
    const policyAt = (at: string) => bound({}, { approval: at < given.moment(50) ? ['publish'] : [] });
    const claimed = (second: number) => [given.rotation({ claimedAt: given.moment(second) })];
    expect(run('approvals-given', { history: claimed(10), policyAt })).toMatchObject({ population: 1, deviations: 1 });
    expect(run('approvals-given', { history: claimed(90), policyAt })).toMatchObject({ population: 0 });
  });
});

describe('a decision on an exception', () => {
  const later = new Date(given.moment(9_000));
  const step = (change: Partial<FindingStep>): FindingStep => ({ ...acceptance, ...change });
  const over = step({ until: given.moment(8_000) });
  const withdrawn = step({ number: 2, kind: 'withdrawn', until: null });
  const answered = step({ number: 2, kind: 'responded', until: null });
  const decided = (steps: readonly FindingStep[]) =>
    run('findings-decided', { findings: [stranger], findingLives: liveFindings([stranger], steps, later) });

  it('decides nothing any more once the acceptance is over or withdrawn', () => {
    expect(decided([over]).reported[0]?.why).toMatch(/^open again: the acceptance ended on /);
    expect(decided([acceptance, withdrawn]).reported[0]?.why).toMatch(/^open again: the acceptance was withdrawn/);
    expect(decided([over, answered])).toMatchObject({ tested: 1, deviations: 0 });
  });

  const authorised = (steps: readonly FindingStep[]) => {
    const findings = [backedUp];
    const own = steps.map((one) => ({ ...one, finding: backedUp.id }));
    return run('sensitive-operations', {
      rows: [sensitive],
      findings,
      findingLives: liveFindings(findings, own, later),
    });
  };

  it('authorises an operation of its time also when it is over, and none when it is withdrawn', () => {
    expect(authorised([over])).toMatchObject({ tested: 1, deviations: 0 });
    expect(authorised([acceptance, withdrawn])).toMatchObject({ tested: 1, deviations: 1 });
  });

  it('authorises no operation that another exception names', () => {
    const many = { ...backedUp, count: 200, evidence: ['another'] };
    const other = { ...backedUp, id: 'b'.repeat(16) };
    const findings = [many, other];
    const lives = liveFindings(findings, [step({ finding: many.id })], later);
    expect(run('sensitive-operations', { rows: [sensitive], findings, findingLives: lives })).toMatchObject({
      deviations: 1,
    });
  });
});
