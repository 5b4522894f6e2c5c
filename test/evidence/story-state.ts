import { createHash } from 'node:crypto';
import type { HourCoverage, SecretInventoryEntry } from '../../src/audit/model/audited-period.ts';
import type { Finding, FindingRule } from '../../src/audit/model/finding.ts';
import type { RotationHistory } from '../../src/rotation/history/rotation-history.ts';
import { personCalled } from '../provenance/people.ts';

export const from = new Date('2026-10-01T00:00:00Z');
export const to = new Date('2026-10-31T00:00:00Z');
export const dayMs = 86_400_000;

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

/** Nine findings, of every severity but information. */
export function findings(repositories: readonly string[]): readonly Finding[] {
  const one = (
    rule: FindingRule,
    severity: Finding['severity'],
    subject: string,
    description: string,
    day: number,
    evidence: readonly string[],
    count = 1,
  ): Finding => ({
    format: 1,
    id: digest(`${rule} ${subject}`).slice(0, 16),
    rule,
    severity,
    subject,
    description,
    firstAt: new Date(+from + day * dayMs).toISOString(),
    lastAt: new Date(+from + day * dayMs + 3_600_000).toISOString(),
    count,
    evidence,
    ended: null,
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

/** Every hour, three of them silent. */
export function coverage(): readonly HourCoverage[] {
  return Array.from({ length: 720 }, (_, hour): HourCoverage => {
    const gap = hour === 196 || hour === 197 || hour === 500;
    return {
      hour: new Date(+from + hour * 3_600_000).toISOString(),
      rows: gap ? 0 : 2,
      state: gap ? 'gap' : 'covered',
    };
  });
}

/** Twelve secrets: one overdue, one nearly, two that the policy does not bind, one disabled. */
export function inventory(): readonly SecretInventoryEntry[] {
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

/** How each rotation of the story ended: every outcome of an old value. */
const endings = [
  { oldValue: 'dead', state: 'done' },
  { oldValue: 'disabled-only', state: 'done' },
  { oldValue: 'cannot-be-shown', state: 'done' },
  { oldValue: 'in-grace', state: 'grace' },
  { oldValue: 'in-force', state: 'needs-attention' },
  { oldValue: 'in-force-again', state: 'rolled-back' },
  { oldValue: 'in-grace', state: 'superseded' },
  { oldValue: 'none', state: 'done' },
  { oldValue: 'perhaps-replaced', state: 'retry-wait' },
] as const satisfies readonly Pick<RotationHistory, 'oldValue' | 'state'>[];

/** One rotation for each outcome; the third has a break-glass approval, the seventh is an emergency. */
export function rotationStory(): readonly RotationHistory[] {
  return endings.map(({ oldValue, state }, index): RotationHistory => {
    const at = +from + (3 + index * 3) * dayMs;
    const time = (minutes: number): string => new Date(at + minutes * 60_000).toISOString();
    const failed = state === 'needs-attention' || state === 'retry-wait';
    const done = state === 'done';
    const emergency = state === 'superseded';
    return {
      rotationId: `${digest(`rotation ${String(index)}`)
        .replace(/[^a-z]/g, '')
        .padEnd(16, 'a')
        .slice(0, 16)}.1`,
      vault: 'kv-prod',
      secret: names[index % names.length] ?? 'x',
      issuer: index % 2 === 0 ? 'gitea-token' : 'generated',
      environment: 'prod',
      trigger: index === 1 ? 'reconciler' : emergency ? 'person' : 'event',
      askedBy: emergency ? personCalled('bob@example.org') : null,
      reason: emergency ? 'the value stood in a public build log' : null,
      asks: [],
      emergency,
      graceMs: emergency ? 0 : 3_600_000,
      state,
      stateSince: time(done ? 63 : failed ? 1 : 30),
      fromVersion: digest(`from ${String(index)}`).slice(0, 32),
      publishedVersion: failed ? null : digest(`published ${String(index)}`).slice(0, 32),
      claimedAt: time(0),
      verifiedAt: failed ? null : time(1),
      publication: failed ? 'not-yet' : 'published',
      publishedAt: failed ? null : time(2),
      revokedAt: done ? time(62) : null,
      doneAt: done ? time(63) : null,
      oldValue,
      ...newEnds(state, time),
      failure: failed ? 'VAULT_ACCESS_DENIED' : null,
      approvals:
        index === 2
          ? [
              {
                step: 'publish',
                by: personCalled('alice@example.org'),
                at: time(1),
                breakGlass: true,
                reason: 'nobody else is awake',
              },
            ]
          : [],
      declines: [],
      places: [],
      head: digest(`head ${String(index)}`),
      operations: [],
    };
  });
}

function newEnds(
  state: (typeof endings)[number]['state'],
  time: (minutes: number) => string,
): Pick<RotationHistory, 'newValue' | 'rolledBack' | 'note'> {
  const nothing = { rolledBack: null, note: null };
  switch (state) {
    case 'rolled-back': {
      const rolledBack = { at: time(30), says: 'alice@example.org: the shop cannot sign in', newEndsFrom: time(90) };
      const note = `Rolled back ${rolledBack.at.slice(0, 16).replace('T', ' ')} UTC by ${rolledBack.says}. The old value is in force again, as a new version. The new version is disabled and what was issued for it is taken back.`;
      return { newValue: 'withdrawn', rolledBack, note };
    }
    case 'superseded': {
      const note =
        'Another publisher set the secret 2026-07-22 00:30 UTC. The value of this rotation ends when nothing speaks for its use.';
      return { newValue: 'in-grace', rolledBack: null, note };
    }
    case 'needs-attention':
    case 'retry-wait':
      return { newValue: 'not-published', ...nothing };
    case 'grace':
    case 'done':
      return { newValue: 'in-force', ...nothing };
  }
}

/** Digits that look random and never change. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
