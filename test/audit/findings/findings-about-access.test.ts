import { describe, expect, it } from 'vitest';
import type { Posture } from '../../../src/audit/model/posture.ts';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';
import type { IdentityRule } from '../../../src/secrets/policy.ts';
import { policy, row, workload } from '../attribution-fixtures.ts';
import { found, of, secret } from '../finding-fixtures.ts';
import { assignment, notSeen, posture, seen, subscription, vaultId } from '../posture/posture-fixtures.ts';

const user = 'key-vault-secrets-user';
const morning = '2026-03-02T06:00:00.000Z';
const noon = '2026-03-02T12:00:00.000Z';
const evening = '2026-03-02T18:00:00.000Z';

const rule = (objectId: string, role: IdentityRule['role']): [string, IdentityRule] => [
  objectId,
  { objectId, role, runnerLabels: [], repositories: [], addresses: [] },
];

/** A policy that knows a runner and a rotator. */
const knownIdentities = () => policy({ identities: new Map([rule('runner', 'runner'), rule('rotator', 'rotator')]) });

function look(at: string, some: Parameters<typeof posture>[0] = {}): Posture {
  return posture({ at, ...some });
}

function foundWith(looks: readonly Posture[], more: Parameters<typeof found>[0] = {}) {
  return found({ policy: knownIdentities(), looks, ...more });
}

describe('a grant on a whole vault', () => {
  const given = { assignments: [assignment({ role: user, principalId: 'runner' })] };

  it('is a finding for a runner, counted by looks', () => {
    const findings = foundWith([look(morning, given), look(noon, given), look(evening)]);
    expect(of('grant-on-vault', findings)).toMatchObject([{ subject: 'kv-prod', severity: 'medium', count: 2 }]);
  });

  it('is none for the rotator, for a grant on one secret, and for a condition that nobody here can judge', () => {
    const assignments = [
      assignment({ role: user, principalId: 'rotator' }),
      assignment({ role: user, principalId: 'runner', scope: `${vaultId}/secrets/db` }),
      assignment({ role: user, principalId: 'runner', condition: "@Request[a:b] StringEquals 'x'" }),
    ];
    expect(of('grant-on-vault', foundWith([look(morning, { assignments })]))).toEqual([]);
  });

  it('stays a finding of the period after it was mended', () => {
    expect(of('grant-on-vault', foundWith([look(morning, given)]))).toHaveLength(1);
    expect(of('grant-on-vault', foundWith([look(morning, given), look(noon)]))).toHaveLength(1);
  });

  it('is none of this period if it ended before', () => {
    expect(of('grant-on-vault', foundWith([look('2026-03-01T20:00:00.000Z', given), look(morning)]))).toEqual([]);
  });
});

describe('a grant that the policy does not open', () => {
  const stranger = { assignments: [assignment({ role: user, principalId: 'stranger' })] };

  it('is a finding from the first look that shows it to the first that does not', () => {
    const of = foundWith([look(morning, stranger), look(noon, stranger), look(evening)]).filter(
      ({ rule }) => rule === 'grant-beyond-policy',
    );
    expect(of).toMatchObject([
      { subject: 'kv-prod', firstAt: morning, ended: { at: evening, by: `the look of ${evening}` } },
    ]);
    const open = foundWith([look(morning, stranger)]).filter(({ rule }) => rule === 'grant-beyond-policy');
    expect(open).toMatchObject([{ id: of[0]?.id, ended: null }]);
  });

  it('does not end with a look that did not see the grants', () => {
    const blind = look(evening, { subscription: { assignments: notSeen } });
    const [finding] = foundWith([look(morning, stranger), blind]).filter(({ rule }) => rule === 'grant-beyond-policy');
    expect(finding?.ended).toBeNull();
  });

  it('is none for an identity whose grant another rule tells of', () => {
    const runner = { assignments: [assignment({ role: user, principalId: 'runner' })] };
    expect(of('grant-beyond-policy', foundWith([look(morning, runner)]))).toEqual([]);
  });
});

describe('readable staging', () => {
  const given = {
    assignments: ['rotator', 'runner', 'stranger'].map((principalId) => assignment({ role: user, principalId })),
  };

  it('is a finding for everybody but the rotator, known or not', () => {
    const findings = of('staging-readable', foundWith([look(morning, given)]));
    expect(findings.map(({ severity, description }) => [severity, description.split(' could')[0]])).toEqual(
      expect.arrayContaining([
        ['high', 'runner (runner)'],
        ['high', 'stranger, which the policy does not know,'],
      ]),
    );
    expect(findings).toHaveLength(2);
  });

  it('is none in a vault where no pending values wait', () => {
    expect(of('staging-readable', foundWith([look(morning, { ...given, vault: { staging: false } })]))).toEqual([]);
  });
});

describe('a grant that appeared and vanished within a day', () => {
  const id = `${vaultId}/providers/microsoft.authorization/roleassignments/one`;
  const change = (verb: 'write' | 'delete', at: string) => ({
    at,
    operation: `microsoft.authorization/roleassignments/${verb}`,
    resourceId: id,
    caller: 'eve@example.org',
  });
  const brief = [change('write', '2026-03-02T08:00:00Z'), change('delete', '2026-03-02T08:05:00Z')];

  it('is found by the activity log though no look saw it, once, however many looks list it', () => {
    const looks = [noon, evening].map((at) => look(at, { subscription: { changes: seen(brief) } }));
    expect(of('grant-brief', foundWith(looks))).toMatchObject([
      { count: 1, description: expect.stringContaining('by eve@example.org') as string },
    ]);
  });

  it('is none if it stayed for longer, or has not ended', () => {
    const long = [change('write', '2026-03-01T07:00:00Z'), change('delete', '2026-03-02T08:00:00Z')];
    for (const changes of [long, brief.slice(0, 1), brief.slice(1)]) {
      expect(of('grant-brief', foundWith([look(noon, { subscription: { changes: seen(changes) } })]))).toEqual([]);
    }
  });

  it('is found among access policies by the looks before, between and after', () => {
    const without = { setup: { usesRoles: false } };
    const given = {
      setup: { usesRoles: false, accessPolicies: [{ objectId: 'eve', applicationId: null, secrets: ['get'] }] },
    };
    const findings = foundWith([look(morning, without), look(noon, given), look(evening, without)]);
    expect(of('grant-brief', findings)).toMatchObject([{ subject: 'kv-prod', count: 1 }]);
    expect(of('grant-brief', foundWith([look(morning, given), look(noon, given), look(evening, without)]))).toEqual([]);
    const blind = look(evening, { vault: { setup: notSeen } });
    expect(of('grant-brief', foundWith([look(morning, without), look(noon, given), blind]))).toEqual([]);
  });
});

describe('a log that is switched off', () => {
  it('is a finding when no setting sends the audit log, and none when nobody could see the settings', () => {
    const off = { name: 'metrics', workspaceId: 'w', storageAccountId: null, audits: false };
    for (const settings of [[], [off]]) {
      const findings = foundWith([look(morning, { vault: { diagnosticSettings: seen(settings) } }), look(noon)]);
      expect(of('log-switched-off', findings)).toMatchObject([{ subject: 'kv-prod', severity: 'high', count: 1 }]);
    }
    expect(of('log-switched-off', foundWith([look(morning, { vault: { diagnosticSettings: notSeen } })]))).toEqual([]);
  });

  it('is a finding when a setting was deleted between two looks that saw one', () => {
    const deleted = {
      at: '2026-03-02T09:00:00Z',
      operation: 'microsoft.insights/diagnosticsettings/delete',
      resourceId: `${vaultId}/providers/microsoft.insights/diagnosticsettings/audit`,
      caller: null,
    };
    const looks = [noon, evening].map((at) => look(at, { subscription: { changes: seen([deleted]) } }));
    expect(of('log-switched-off', foundWith(looks))).toMatchObject([
      { count: 1, description: 'The diagnostic setting audit of kv-prod was deleted on 2026-03-02T09:00:00Z.' },
    ]);
  });
});

describe('a grant that nobody uses', () => {
  const runner = workload('runner');
  const readBy = (change: Partial<Retrieval> = {}) =>
    row('r1', { vault: 'kv-prod', secret: 'db', identity: runner, ...change });
  const inventory = [secret({ vault: 'kv-prod', secret: 'db' })];
  const onSecret = { assignments: [assignment({ role: user, principalId: 'runner', scope: `${vaultId}/secrets/db` })] };
  const rowsSince = Date.parse('2025-11-01T00:00:00Z');

  it('is a finding after ninety days on record without a read', () => {
    const findings = foundWith([look(noon, onSecret)], { inventory, rowsSince });
    expect(of('grant-unused', findings)).toMatchObject([{ subject: 'kv-prod/db', severity: 'low', count: 1 }]);
  });

  it('is none if it was used in the ninety days before, or since', () => {
    const earlier = [readBy({ at: '2026-02-01T00:00:00.0000000Z' })];
    expect(of('grant-unused', foundWith([look(noon, onSecret)], { inventory, rowsSince, earlier }))).toEqual([]);
    const rows = [readBy()];
    expect(of('grant-unused', foundWith([look(noon, onSecret)], { inventory, rowsSince, earlier, rows }))).toEqual([]);
    const refused = readBy({ kind: 'denied', status: 403 });
    expect(
      of('grant-unused', foundWith([look(noon, onSecret)], { inventory, rowsSince, rows: [refused] })),
    ).toHaveLength(1);
  });

  it('is none before ninety days of rows are on record, or of a grant that is younger', () => {
    for (const since of [null, Date.parse('2026-01-01T00:00:00Z')]) {
      expect(of('grant-unused', foundWith([look(noon, onSecret)], { inventory, rowsSince: since }))).toEqual([]);
    }
    const young = onSecret.assignments.map((one) => ({ ...one, createdAt: '2026-02-01T00:00:00Z' }));
    expect(of('grant-unused', foundWith([look(noon, { assignments: young })], { inventory, rowsSince }))).toEqual([]);
  });

  it('stays an exception, with its end, after it was used or removed in the period', () => {
    const unused = (looks: readonly Posture[], more: Parameters<typeof found>[0] = {}) =>
      foundWith(looks, { inventory, rowsSince, ...more }).filter(({ rule }) => rule === 'grant-unused');
    const [open] = unused([look(noon, onSecret)]);
    expect(open?.ended).toBeNull();

    const late = readBy({ at: '2026-03-02T15:00:00.0000000Z' });
    const used = unused([look(noon, onSecret)], { rows: [late] });
    expect(used).toMatchObject([{ id: open?.id, ended: { at: '2026-03-02T15:00:00.000Z', by: late.id } }]);

    const removed = unused([look(noon, onSecret), look(evening)]);
    expect(removed).toMatchObject([{ id: open?.id, ended: { at: evening, by: `the look of ${evening}` } }]);
  });

  it('is one only from the moment at which ninety days are full', () => {
    const period = { from: new Date('2026-01-01T00:00:00Z'), to: new Date('2026-07-01T00:00:00Z') };
    const read = (at: string) => readBy({ at, correlationId: at });
    const rows = [read('2026-01-05T00:00:00.0000000Z'), read('2026-05-01T00:00:00.0000000Z')];
    const findings = foundWith([look('2026-01-01T06:00:00.000Z', onSecret)], {
      inventory,
      rowsSince,
      period,
      rows,
    }).filter(({ rule }) => rule === 'grant-unused');
    expect(findings).toMatchObject([
      { firstAt: '2026-04-05T00:00:00.000Z', ended: { at: '2026-05-01T00:00:00.000Z', by: rows[1]?.id } },
    ]);
  });

  it('is one finding for a grant on a vault, of which nothing was read', () => {
    const given = { assignments: [assignment({ role: user, principalId: 'stranger', scope: subscription })] };
    expect(of('grant-unused', foundWith([look(noon, given)], { inventory, rowsSince }))).toMatchObject([
      { subject: 'kv-prod' },
    ]);
  });

  it('is none of the rotator, which reads when something is due', () => {
    const given = { assignments: [assignment({ role: user, principalId: 'rotator' })] };
    expect(of('grant-unused', foundWith([look(noon, given)], { inventory, rowsSince }))).toEqual([]);
  });
});

describe('the request metric', () => {
  const hour = '2026-03-02T09:00:00Z';
  const coverage = [{ hour, rows: 1, state: 'covered' as const }];
  const counted = (count: number) => look(noon, { vault: { requests: seen([{ hour, count }]) } });
  const rows = [row('m1', { vault: 'kv-prod', at: '2026-03-02T09:10:00.0000000Z' })];

  it('is a finding where it counts more requests than the log has rows', () => {
    expect(of('rows-below-metric', foundWith([counted(3)], { rows, coverage }))).toMatchObject([
      { subject: 'kv-prod', severity: 'medium', count: 1 },
    ]);
  });

  it('is none where it counts as many or fewer, where the hour was not read, or where rows may still arrive', () => {
    expect(of('rows-below-metric', foundWith([counted(1)], { rows, coverage }))).toEqual([]);
    expect(of('rows-below-metric', foundWith([counted(0)], { rows, coverage }))).toEqual([]);
    expect(of('rows-below-metric', foundWith([counted(3)], { rows, coverage: [] }))).toEqual([]);
    expect(of('rows-below-metric', foundWith([counted(3)], { rows, coverage, settledTo: Date.parse(hour) }))).toEqual(
      [],
    );
  });
});

describe('a vault that nobody examines', () => {
  it('is named once, whatever the number of looks', () => {
    const other = vaultId.replace('kv-prod', 'kv-forgotten');
    const looks = [morning, noon].map((at) => look(at, { subscription: { vaults: seen([vaultId, other]) } }));
    expect(of('vault-unexamined', foundWith(looks))).toMatchObject([{ subject: 'kv-forgotten', count: 2 }]);
  });
});
