import { createHash } from 'node:crypto';
import type { Attribution, Grade } from '../../src/audit/attribution.ts';
import type { AuditedPeriod, HourCoverage, SecretInventoryEntry } from '../../src/audit/audited-period.ts';
import type { Finding, FindingRule } from '../../src/audit/finding.ts';
import type { Job } from '../../src/audit/job.ts';
import type { Retrieval } from '../../src/audit/retrieval.ts';
import type { RotationHistory } from '../../src/rotation/rotation-history.ts';

export const from = new Date('2026-10-01T00:00:00Z');
export const to = new Date('2026-10-31T00:00:00Z');
const dayMs = 86_400_000;

/** Names that an attacker chose: markup, templates, formulas, direction marks, zero width, emoji, Chinese, Typst's own signs. */
export const hostile = [
  'acme/<script>alert(1)</script>',
  'acme/{{constructor}}-{{{raw}}}',
  '=HYPERLINK("http://evil","x")/repo',
  'acme/\u202Etxt.exe\u200B\u2066web',
  'acme/#eval("1+1")-$x^2$-*bold*-🙂-秘密',
] as const;

const names = [
  'database-password',
  'gitea-deploy-token',
  'smtp-password',
  'registry-token',
  'signing-passphrase',
  'cache-password',
];
export const secrets = names.flatMap((name) => [
  { vault: 'kv-prod', secret: name, environment: 'prod' },
  { vault: 'kv-dev', secret: name, environment: name === 'smtp-password' ? 'staging' : 'dev' },
]);

interface Shape {
  readonly reads?: number;
  readonly repositories?: readonly string[];
}

/** A month as an auditor meets it: 12 secrets, 5 repositories, some 400 reads in every grade, two gaps, a few findings. Made of counters: always the same. */
export function auditedStory({
  reads = 400,
  repositories = hostile,
}: Shape = {}): AuditedPeriod & { readonly expected: ReadonlyMap<Grade, number> } {
  const expected = new Map<Grade, number>();
  for (let index = 0; index < reads; index++) expected.set(gradeAt(index), (expected.get(gradeAt(index)) ?? 0) + 1);
  const platformRows = 31;
  const probes = 212;
  const canary = 720;
  const rowsRead = reads + platformRows + probes + canary + 1;
  return {
    expected,
    period: { from, to },
    vaults: ['kv-prod', 'kv-dev'],
    rowsRead,
    exclusions: [
      { reason: "the SDK's challenge probes (Authentication, 401, no identity)", count: probes },
      { reason: 'our own hourly canary read', count: canary },
      { reason: 'operations that disclose no value', count: platformRows },
      { reason: 'the same event found twice', count: 1 },
    ],
    unreadableRows: [{ place: 'slices/2026-10-09T04.ndjson row 3', reason: 'column TimeGenerated is missing' }],
    attributions: () => walk(reads, repositories),
    findings: findings(repositories),
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
      rows: 45,
    })),
    inventory: inventory(),
  };
}

// eslint-disable-next-line @typescript-eslint/require-await
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

function findings(repositories: readonly string[]): readonly Finding[] {
  const one = (
    rule: FindingRule,
    severity: Finding['severity'],
    subject: string,
    says: string,
    day: number,
    evidence: readonly string[],
    count = 1,
  ): Finding => ({
    format: 1,
    id: digest(`${rule} ${subject}`).slice(0, 16),
    rule,
    severity,
    subject,
    says,
    firstAt: new Date(+from + day * dayMs).toISOString(),
    lastAt: new Date(+from + day * dayMs + 3_600_000).toISOString(),
    count,
    evidence,
  });
  return [
    one(
      'contradicted-read',
      'high',
      'kv-prod/database-password',
      'A read of kv-prod/database-password carries the numbers of a job that ran on another runner.',
      4,
      ['retrieval 13'],
    ),
    one(
      'duplicate-receipt',
      'high',
      repositories[1] ?? '',
      `A job of ${repositories[1] ?? ''} printed a receipt that another job had printed before.`,
      9,
      ['r1', 'r2'],
    ),
    one(
      'read-outside-namespace',
      'high',
      repositories[0] ?? '',
      `A job of ${repositories[0] ?? ''} read kv-prod/signing-passphrase, which the policy does not open to it.`,
      12,
      Array.from({ length: 40 }, (_, index) => `job ${String(index)}`),
      40,
    ),
    one(
      'read-by-person',
      'medium',
      'mallory@example.org',
      'mallory@example.org read kv-prod/smtp-password by hand.',
      3,
      ['retrieval 11'],
      8,
    ),
    one(
      'denied-burst',
      'medium',
      '6f2c1a90-0000-4000-8000-000000000009',
      'One identity was refused 43 times within ten minutes on 12 secrets, and was granted nothing later.',
      15,
      [],
      43,
    ),
    one(
      'rotation-overdue',
      'medium',
      'kv-prod/registry-token',
      'kv-prod/registry-token is 121 days old; the policy allows 90.',
      29,
      [],
    ),
    one(
      'log-gap',
      'medium',
      '2026-10-09T04:00Z',
      'The log holds no row for two hours, not even of our own hourly read.',
      8,
      [],
      2,
    ),
    one(
      'secret-never-read',
      'low',
      'kv-dev/cache-password',
      'Nobody has read kv-dev/cache-password in this period.',
      29,
      [],
    ),
    one(
      'unreadable-row',
      'low',
      'slices/2026-10-09T04.ndjson',
      'One row of the log could not be understood: column TimeGenerated is missing.',
      8,
      ['row 3'],
    ),
  ];
}

function coverage(): readonly HourCoverage[] {
  return Array.from({ length: 720 }, (_, hour): HourCoverage => {
    const gap = hour === 196 || hour === 197 || hour === 500;
    return {
      hour: new Date(+from + hour * 3_600_000).toISOString(),
      rows: gap ? 0 : 2,
      state: gap ? 'gap' : 'covered',
    };
  });
}

function inventory(): readonly SecretInventoryEntry[] {
  const ages = [12, 30, 45, 3, 88, 61, 121, 20, 150, 9, 75, 200];
  return secrets.map(({ vault, secret, environment }, index) => ({
    vault,
    secret,
    version: digest(`${vault} ${secret}`).slice(0, 32),
    enabled: index !== 9,
    created: new Date(+to - (ages[index] ?? 1) * dayMs).toISOString(),
    expires: index === 5 ? null : new Date(+to + (90 - (ages[index] ?? 1)) * dayMs).toISOString(),
    environment,
    issuer: index === 5 || index === 11 ? null : index % 3 === 0 ? 'gitea-token' : 'generated',
    validityDays: index === 5 || index === 11 ? null : index === 8 ? 180 : 90,
    ageDays: ages[index] ?? 1,
    reads: index === 11 ? 0 : 36,
    lastReadAt: index === 11 ? null : new Date(+to - 3_600_000).toISOString(),
  }));
}

/** Five rotations that ended in each of the ways they can. */
export function rotationStory(): readonly RotationHistory[] {
  const ends = ['dead', 'disabled-only', 'cannot-be-shown', 'in-grace', 'dead'] as const;
  return ends.map((oldValue, index): RotationHistory => {
    const at = +from + (3 + index * 5) * dayMs;
    const time = (minutes: number): string => new Date(at + minutes * 60_000).toISOString();
    const failed = index === 4;
    return {
      rotationId: `${digest(`rotation ${String(index)}`)
        .replace(/[^a-z]/g, '')
        .padEnd(16, 'a')
        .slice(0, 16)}.1`,
      vault: 'kv-prod',
      secret: names[index] ?? 'x',
      issuer: index % 2 === 0 ? 'gitea-token' : 'generated',
      environment: 'prod',
      trigger: index === 1 ? 'reconciler' : 'event',
      state: failed ? 'needs-attention' : oldValue === 'in-grace' ? 'grace' : 'done',
      fromVersion: digest(`from ${String(index)}`).slice(0, 32),
      publishedVersion: failed ? null : digest(`published ${String(index)}`).slice(0, 32),
      claimedAt: time(0),
      verifiedAt: failed ? null : time(1),
      publishedAt: failed ? null : time(2),
      revokedAt: failed || oldValue === 'in-grace' ? null : time(62),
      doneAt: failed || oldValue === 'in-grace' ? null : time(63),
      oldValue,
      failure: failed ? 'VAULT_ACCESS_DENIED' : null,
      approvals: index === 2 ? [{ step: 'publish', by: 'alice@example.org', at: time(1), breakGlass: true }] : [],
      head: digest(`head ${String(index)}`),
      operations: [],
    };
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
