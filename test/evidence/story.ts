import { nothingBrokered } from '../audit/nothing-brokered.ts';
import type { Attribution, Grade } from '../../src/audit/model/attribution.ts';
import type {
  AuditedEvent,
  AuditedPeriod,
  ReceiptRecord,
  RotationDue,
  SecretDay,
} from '../../src/audit/model/audited-period.ts';
import { trackRotationsDue } from '../../src/audit/period/rotations-due.ts';
import type { FindingRule } from '../../src/audit/model/finding.ts';
import type { Job } from '../../src/audit/model/job.ts';
import type { Observation } from '../../src/audit/model/observation.ts';
import type { Retrieval } from '../../src/audit/model/retrieval.ts';
import type { RotationHistory } from '../../src/rotation/history/rotation-history.ts';
import { emptyPolicy, type Policy } from '../../src/secrets/policy.ts';
import { coverage, dayMs, digest, findings, from, inventory, secrets, to } from './story-state.ts';

/** Names that an attacker chose: markup, templates, formulas, direction marks, zero width, emoji, Chinese, Typst's own signs. */
export const hostile = [
  'acme/<script>alert(1)</script>',
  'acme/{{constructor}}-{{{raw}}}',
  '=HYPERLINK("http://evil","x")/repo',
  'acme/\u202Etxt.exe\u200B\u2066web',
  'acme/#eval("1+1")-$x^2$-*bold*-🙂-秘密',
] as const;

interface Shape {
  readonly reads?: number;
  readonly repositories?: readonly string[];
}

/** A period with the events that an audit would show of it. */
export interface StoryPeriod extends AuditedPeriod {
  readonly expected: ReadonlyMap<Grade, number>;
  events(): AsyncIterable<AuditedEvent>;
  secretDays(): AsyncIterable<SecretDay>;
  readonly receiptRecords: readonly ReceiptRecord[];
}

/** Shows the events of a story to an observation, in shares of so many. */
export async function auditStory<Observed>(
  story: StoryPeriod,
  observation: Observation<Observed>,
  rotations: readonly RotationHistory[],
  eventsAShare = 100,
): Promise<AuditedPeriod> {
  const { expected: _expected, receiptRecords, ...audited } = story;
  const material = {
    period: story.period,
    policyAt: story.policyAt,
    rotations,
    brokered: nothingBrokered,
    accessRequests: [],
  };
  observation.begin(material);
  for await (const day of story.secretDays()) await observation.secretDay(day);
  let share = observation.observe(material, new Set());
  let count = 0;
  for await (const event of story.events()) {
    share.event(event);
    count += 1;
    if (count % eventsAShare !== 0) continue;
    await observation.absorb(share.take());
    share = observation.observe(material, new Set());
  }
  for (const receipt of receiptRecords) share.receipt(receipt);
  await observation.absorb(share.take());
  return audited;
}

/**
 * A typical month for an auditor: 12 secrets, 5 repositories, some 400 reads in every grade, two gaps, a few findings.
 * Built from counters, so always the same.
 */
export function auditedStory({ reads = 400, repositories = hostile }: Shape = {}): StoryPeriod {
  const expected = new Map<Grade, number>();
  for (let index = 0; index < reads; index++) expected.set(gradeAt(index), (expected.get(gradeAt(index)) ?? 0) + 1);
  const platformRows = 31;
  const probes = 212;
  const canary = 720;
  const rowsRead = reads + platformRows + probes + canary + 1;
  return {
    expected,
    period: { from, to },
    asOf: to,
    vaults: ['kv-prod', 'kv-dev'],
    rowsRead,
    exclusions: [
      { reason: "the SDK's challenge probes (Authentication, 401, no identity)", count: probes },
      { reason: 'our own hourly canary read', count: canary },
      { reason: 'operations that disclose no value', count: platformRows },
      { reason: 'the same event found twice', count: 1 },
    ],
    unreadableRows: [{ place: 'slices/2026-10-09T04.ndjson row 3', reason: 'column TimeGenerated is missing' }],
    events: () => events(reads, repositories),
    secretDays,
    receiptRecords: receipts(),
    policyAt: () => storyPolicy,
    policies: [{ loadedAt: from.toISOString(), sha256: digest('policy'), text: 'format: 1\n' }],
    policyChanges: [],
    ownReads: [
      {
        vault: 'kv-prod',
        secret: 'gitea-token',
        version: digest('own read'),
        at: '2026-10-01T06:00:00.000Z',
        purpose: 'setting',
      },
    ],
    findings: findings(repositories),
    findingLives: new Map(),
    findingSteps: [],
    jobs: 62,
    receipts: { posted: 280, logged: 60, matched: 338, orphaned: 2 },
    coverage: coverage(),
    notRead: [
      {
        what: 'role assignments of kv-dev',
        from: '2026-10-04T00:00:00Z',
        to: '2026-10-05T00:00:00Z',
        why: 'The activity log was not collected that day and is no longer kept.',
        state: 'irrecoverable',
      },
    ],
    rotationsDue: rotationsDue(),
    access: {
      grantDays: [
        {
          id: 'runner-1 /subscriptions/0/roleassignments/1 2026-10-04',
          day: '2026-10-04',
          at: '2026-10-04T13:10:00.000Z',
          vault: 'kv-prod',
          principalId: 'runner-1',
          role: 'Key Vault Secrets User',
          scope: '/subscriptions/0',
          reach: 'above-vault',
          group: null,
          verdict: 'may-read',
          why: 'a runner can read every secret of the vault',
        },
      ],
      tableLooks: [],
      settingLooks: [{ at: '2026-10-04T13:10:00.000Z', vault: 'kv-prod', sent: true }],
      setupLooks: [],
      notSeen: [
        {
          about: 'metric',
          says: 'the request metric of kv-dev could not be seen, because Azure did not answer (2 looks)',
        },
      ],
    },
    queries: [
      {
        name: 'retrievals',
        text: 'let from = datetime({from});\nAZKVAuditLogs\n| where TimeGenerated >= from and TimeGenerated < datetime({to})\n| where OperationName has "Secret" // <b>not markup</b>\n',
        sha256: digest('retrievals'),
        rows: rowsRead,
        controlTotal: rowsRead,
      },
      {
        name: 'control-totals.kql',
        text: 'AZKVAuditLogs\n| summarize count() by bin(TimeGenerated, 1h)\n',
        sha256: digest('totals'),
        rows: 720,
        controlTotal: null,
      },
    ],
    slices: Array.from({ length: 30 }, (_, day) => ({
      path: `slices/2026-10-${String(day + 1).padStart(2, '0')}.ndjson`,
      sha256: digest(`slice ${String(day)}`),
      ...sliceCounts(day === 0 ? rowsRead - 29 * 45 : 45),
      isIntact: true,
    })),
    inventory: inventory(),
  };
}

function sliceCounts(rows: number) {
  return { rows, count: rows, controlTotal: rows };
}

/** The reads, five refusals and two writes: one that a journal explains. */
async function* events(reads: number, repositories: readonly string[]): AsyncGenerator<AuditedEvent> {
  const first = attribution(0, Math.max(reads, 1), repositories).retrieval;
  const at = `${from.toISOString().slice(0, 10)}T00:00:00.0000000Z`;
  for (let index = 0; reads > 0 && index < 5; index++) {
    const retrieval = { ...first, id: digest(`refusal ${String(index)}`).slice(0, 32), at, kind: 'denied' as const };
    yield { retrieval, attribution: null, judgements: new Map() };
  }
  for (const judgement of reads > 0 ? (['kept', 'broken'] as const) : []) {
    const retrieval = { ...first, id: digest(`write ${judgement}`).slice(0, 32), at, kind: 'write' as const };
    yield { retrieval, attribution: null, judgements: new Map([['unexplained-write' as const, judgement]]) };
  }
  for await (const one of walk(reads, repositories)) {
    const judgements = new Map<FindingRule, 'broken' | 'kept'>();
    judgements.set('read-by-person', one.grade === 'person' ? 'broken' : 'kept');
    if (one.grade !== 'person') judgements.set('unknown-identity-read', 'kept');
    if (one.job !== null) judgements.set('read-outside-namespace', one.job.repositoryId === 1 ? 'broken' : 'kept');
    judgements.set('secret-not-inventoried', 'kept');
    yield { retrieval: one.retrieval, attribution: one, judgements };
  }
}

/** The inventory of the last day. */
async function* secretDays(): AsyncGenerator<SecretDay> {
  await Promise.resolve();
  for (const { ageDays: _ageDays, reads: _reads, lastReadAt: _lastReadAt, ...secret } of inventory()) {
    const judgements = new Map<FindingRule, 'broken' | 'kept'>();
    if (secret.enabled) judgements.set('secret-without-expiry', secret.expires === null ? 'broken' : 'kept');
    yield { day: '2026-10-30', at: '2026-10-30T23:00:00.000Z', secret, judgements };
  }
}

function rotationsDue(): readonly RotationDue[] {
  const dues = trackRotationsDue();
  const entries = inventory().map(({ ageDays: _ageDays, reads: _reads, lastReadAt: _lastReadAt, ...secret }) => secret);
  dues.see({ at: '2026-10-30T23:00:00.000Z', entries });
  return dues.all(new Map()).map(({ secret: _secret, ended: _ended, ...due }) => due);
}

/** 340 receipts, two of them without a row. */
function receipts(): readonly ReceiptRecord[] {
  return Array.from({ length: 340 }, (_, index) => ({
    also: [],
    reference: `receipts/${String(index).padStart(4, '0')}`,
    channel: index < 280 ? ('posted' as const) : ('logged' as const),
    job: 'acme/web 1/1.1',
    vault: 'kv-prod',
    secret: 'database-password',
    version: 'v1',
    answeredAt: from.toISOString(),
    requests: [`request ${String(index)}`],
    clockOffsetMs: 40,
    matched: index >= 2,
    contested: false,
  }));
}

const storyPolicy: Policy = {
  ...emptyPolicy,
  identities: new Map([
    ['runner', { objectId: 'runner', role: 'runner', runnerLabels: [], repositories: [], addresses: [] }],
  ]),
};

async function* walk(reads: number, repositories: readonly string[]): AsyncGenerator<Attribution> {
  for (let index = 0; index < reads; index++) yield attribution(index, reads, repositories);
}

function gradeAt(index: number): Grade {
  if (index % 97 === 13) return 'contradicted';
  if (index % 61 === 7) return 'unattributed';
  if (index % 83 === 19) return 'ambiguous';
  if (index % 53 === 11) return 'person';
  if (index % 199 === 101) return 'rotation-unexplained';
  if (index % 17 === 3) return 'rotation';
  if (index % 41 === 5) return 'platform';
  if (index % 13 === 4) return 'claimed';
  if (index % 11 === 2) return 'inferred';
  return index % 4 === 1 ? 'corroborated' : 'authenticated';
}

function attribution(index: number, reads: number, repositories: readonly string[]): Attribution {
  const grade = gradeAt(index);
  const at = new Date(+from + Math.floor(((index + 0.5) / reads) * 30 * dayMs));
  const tied = ['authenticated', 'corroborated', 'inferred', 'claimed', 'contradicted'].includes(grade);
  const job = tied && grade !== 'contradicted' ? jobAt(index, at, repositories) : null;
  const secret = secrets[(index * 7) % (secrets.length - 1)] ?? { vault: 'kv-prod', secret: 'x', environment: 'prod' };
  return {
    retrieval: retrieval(index, at, secret, grade),
    grade,
    job,
    candidates: grade === 'ambiguous' ? [`${repositories[0] ?? ''} 11/21.1`, `${repositories[1] ?? ''} 12/22.1`] : [],
    reason:
      {
        authenticated: 'receipt-posted',
        corroborated: 'receipt-logged',
        contradicted: index % 2 === 0 ? 'stamp-of-another' : 'receipt-copied',
        unattributed: 'no-stamp',
      }[grade as string] ?? `by-${grade}`,
    evidence: job === null ? [] : [`receipts/${String(index)}`],
  };
}

function retrieval(
  index: number,
  at: Date,
  { vault, secret }: { vault: string; secret: string },
  grade: Grade,
): Retrieval {
  const person = grade === 'person';
  return {
    format: 1,
    id: digest(`retrieval ${String(index)}`).slice(0, 32),
    at: at.toISOString().replace('Z', `${String(index % 10000).padStart(4, '0')}Z`),
    kind: 'read',
    operation: 'SecretGet',
    status: 200,
    vault,
    secret,
    version: digest(`version ${secret} ${String(Math.floor(index / 200))}`).slice(0, 32),
    requestedVersion: null,
    identity: {
      objectId: '6f2c1a90-0000-4000-8000-000000000001',
      applicationId: '6f2c1a90-0000-4000-8000-0000000000aa',
      userPrincipalName: person ? 'mallory@example.org' : null,
      managedIdentity: person
        ? null
        : '/subscriptions/s/resourcegroups/r/providers/microsoft.managedidentity/userassignedidentities/runner-prod',
      kind: person ? 'person' : 'workload',
    },
    address: '203.0.113.7',
    client:
      index === 20
        ? `+cmd|' /C calc'!A0 ${'x'.repeat(400)}`
        : 'keyturn/0.1.0 gj/1;i=0a1b2c3d;r=5;u=55;a=1;j=77;t=812;n=01234567',
    correlationId: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    roleAssignment: '5d1f0a3c-0000-4000-8000-000000000001',
    denial: null,
    sources: ['AZKVAuditLogs'],
    receivedAt: new Date(+at + 240_000).toISOString(),
  };
}

function jobAt(index: number, at: Date, repositories: readonly string[]): Job {
  const number = Math.floor(index / 6);
  const repository = repositories[number % repositories.length] ?? 'acme/web';
  return {
    format: 1,
    instance: '0a1b2c3d',
    repositoryId: (number % repositories.length) + 1,
    repository,
    runId: 100 + number,
    jobId: 700 + number,
    attempt: 1,
    taskId: 900 + number,
    name: 'deploy',
    runnerId: 3,
    runnerName: 'runner-prod-1',
    labels: ['prod'],
    status: 'completed',
    conclusion: 'success',
    createdAt: new Date(+at - 60_000).toISOString(),
    startedAt: new Date(+at - 30_000).toISOString(),
    completedAt: new Date(+at + 60_000).toISOString(),
    event: 'push',
    branch: 'main',
    fork: false,
    known: 'api',
    url: `https://gitea.example.org/${String(number)}`,
  };
}
