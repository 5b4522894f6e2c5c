import { describe, expect, it } from 'vitest';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';
import type { RotationHistory } from '../../../src/rotation/history/rotation-history.ts';
import type { Person } from '../../../src/provenance/person.ts';
import { personCalled } from '../../provenance/people.ts';
import * as given from '../attribution-fixtures.ts';

import { bound, denied, found, inventoried, of, quiet } from '../finding-fixtures.ts';

const { at, moment, rotation, row, stamp, workload } = given;

describe('findings about refusals', () => {
  it('report five refusals in ten minutes as a burst, but not four', () => {
    const rows = [1, 2, 3, 4, 5].map((second) => denied(second));
    expect(of('denied-burst', found({ rows }))).toMatchObject([{ subject: 'shared', severity: 'medium', count: 5 }]);
    expect(of('denied-burst', found({ rows: rows.slice(1) }))).toEqual([]);
  });

  it('explain a burst by role propagation if a read of the same secret succeeds within half an hour', () => {
    const rows = [1, 2, 3, 4, 5].map((second) => denied(second));
    const granted = row('ok', { at: at(900), client: stamp(1) });
    expect(of('denied-burst', found({ rows: [...rows, granted] }))).toMatchObject([
      { subject: 'shared', severity: 'information' },
    ]);
    const late = row('ok', { at: at(5 + 1_801) });
    expect(of('denied-burst', found({ rows: [...rows, late] }))).toMatchObject([
      { subject: 'shared', severity: 'medium' },
    ]);
    const elsewhere = { ...granted, secret: 'other' };
    expect(of('denied-burst', found({ rows: [...rows, elsewhere] }))).toMatchObject([
      { subject: 'shared', severity: 'medium' },
    ]);
  });

  it('are high if many secrets were tried', () => {
    const rows = ['a', 'b', 'c', 'd', 'e'].map((name, second) => denied(second, name));
    expect(of('denied-burst', found({ rows }))).toMatchObject([{ subject: 'shared', severity: 'high' }]);
  });

  it('ignore the challenge probes of new clients', () => {
    const rows = [1, 2, 3, 4, 5].map((second) => denied(second, 'database', { kind: 'probe' }));
    expect(found({ rows })).toEqual([]);
  });
});

describe('findings about the log', () => {
  it('join consecutive hours without a canary, and wait for hours whose rows may be late', () => {
    const hour = (at: number, state: 'covered' | 'gap') => ({
      hour: `2026-03-02T0${String(at)}:00:00Z`,
      rows: 0,
      state,
    });
    const coverage = [hour(1, 'gap'), hour(2, 'gap'), hour(3, 'covered'), hour(4, 'gap'), hour(5, 'gap')];
    const settledTo = Date.parse('2026-03-02T05:30:00Z');
    expect(of('log-gap', found({ coverage, settledTo })).map(({ subject, count }) => [subject, count])).toEqual([
      ['2026-03-02T01:00:00Z', 2],
      ['2026-03-02T04:00:00Z', 1],
    ]);
  });

  it('count rows that could not be parsed, by reason', () => {
    const unreadable = ['#1', '#2'].map((place) => ({ place, reason: 'it has no HttpStatusCode' }));
    expect(of('unreadable-row', found({ unreadable }))).toMatchObject([
      { subject: 'it has no HttpStatusCode', severity: 'medium', count: 2 },
    ]);
  });

  it('name rows whose status and signature contradict each other', () => {
    expect(of('status-disagrees', found({ rows: [{ ...quiet, statusDisagrees: true }] }))).toHaveLength(1);
  });
});

describe('findings about secrets and their rotation', () => {
  it.each([
    ['rotation-overdue', { validityDays: 29 }, 1],
    ['rotation-overdue', { validityDays: 30 }, 0],
    ['rotation-overdue', { expires: '2026-03-02T12:00:00.000Z' }, 1],
    ['rotation-overdue', { expires: '2026-03-02T12:00:00.000Z', enabled: false }, 0],
    ['rotation-overdue', { expires: '2026-03-02T12:00:00.000Z', own: true as const }, 0],
    ['secret-without-expiry', { expires: null }, 1],
    ['secret-without-expiry', { expires: null, own: true as const }, 0],
  ] as const)('%s of an inventoried secret with %o: %d', (rule, change, count) => {
    expect(of(rule, found({ snapshots: [inventoried(change)] }))).toHaveLength(count);
  });

  it('name a rotation that needs attention', () => {
    const history = [rotation({ state: 'needs-attention', failure: 'VAULT_ACCESS_DENIED' })];
    expect(of('rotation-failed', found({ history }))).toMatchObject([
      {
        subject: 'kv/database',
        severity: 'high',
        description:
          'The rotation abc.1 of kv/database stopped and needs attention. The vault refused this identity. Check its role assignment first; a new one takes minutes to reach the vault.',
      },
    ]);
  });

  it('name a rotation that left two credentials alive, but not one that revoked what it issued', () => {
    const superseded = (newValue: RotationHistory['newValue']) =>
      of('rotation-failed', found({ history: [rotation({ state: 'superseded', newValue })] }));
    expect(superseded('in-grace')).toMatchObject([
      {
        severity: 'medium',
        description: expect.stringContaining('alive until nothing speaks for its use') as string,
      },
    ]);
    expect(superseded('withdrawn')).toEqual([]);
  });

  it('name it in the period in which this happened, not in which the rotation started', () => {
    const stopped = (stateSince: string, claimedAt: string) =>
      of('rotation-failed', found({ history: [rotation({ state: 'needs-attention', stateSince, claimedAt })] }));
    expect(stopped(moment(0), '2026-03-01T23:00:00.000Z')).toHaveLength(1);
    expect(stopped('2026-03-03T01:00:00.000Z', moment(0))).toEqual([]);
  });

  it('distinguish writes of a rotation from unexplained ones', () => {
    const written = row('w', { kind: 'write', operation: 'SecretSet', identity: workload('rotator') });
    const operations = [
      { operation: 'SecretSet' as const, vault: 'kv', secret: 'database', version: null, at: moment(99) },
    ];
    expect(found({ rows: [written], history: [rotation({ operations })] })).toEqual([]);
    expect(of('unexplained-write', found({ rows: [written] }))).toMatchObject([
      { subject: 'kv/database', severity: 'high' },
    ]);
    const foreign = { ...written, identity: workload('nobody') };
    expect(of('unexplained-write', found({ rows: [foreign] }))).toMatchObject([
      { subject: 'kv/database', severity: 'information' },
    ]);
    expect(of('unexplained-write', found({ rows: [foreign], policy: bound() }))).toMatchObject([
      { subject: 'kv/database', severity: 'high' },
    ]);
  });

  it('name operations that remove a secret, but not refused ones', () => {
    const purge = row('p', { kind: 'write', operation: 'SecretPurge' });
    expect(of('sensitive-operation', found({ rows: [purge] }))).toMatchObject([
      { subject: 'kv/database', severity: 'high' },
    ]);
    expect(of('sensitive-operation', found({ rows: [{ ...purge, status: 403, kind: 'denied' }] }))).toEqual([]);
  });

  it('name a tag that asks for more than the policy allows, but not one that asks for less', () => {
    const held = (days: string) => [inventoried({ tags: { ValidityPeriodDays: days } })];
    expect(of('tag-widened', found({ snapshots: held('31'), policy: bound() }))).toHaveLength(1);
    expect(of('tag-widened', found({ snapshots: held('30'), policy: bound() }))).toEqual([]);
  });

  it('name each invalid tag with its effect, but never its text', () => {
    const tags = { ValidityPeriodDays: 'hunter2', rotation: 'offf' };
    expect(of('tag-malformed', found({ snapshots: [inventoried({ tags })], policy: bound() }))).toEqual(
      expect.arrayContaining([
        {
          subject: 'kv/database',
          severity: 'medium',
          count: 1,
          description:
            'The tag rotation of kv/database is not on or off; it counts as off, so the secret is not rotated.',
        },
        {
          subject: 'kv/database',
          severity: 'medium',
          count: 1,
          description:
            'The tag ValidityPeriodDays of kv/database is not a whole number of days, at least 1; it has no effect.',
        },
      ]),
    );
    const proper = { ValidityPeriodDays: '20', rotation: 'off' };
    expect(of('tag-malformed', found({ snapshots: [inventoried({ tags: proper })], policy: bound() }))).toEqual([]);
    expect(of('tag-malformed', found({ snapshots: [inventoried({ tags })] }))).toEqual([]);
  });
});

describe('an exception that was repaired in the period', () => {
  it('stays a finding, with the time and the event of its end: a secret overdue on the 3rd and rotated on the 5th', () => {
    const day = (date: string, change: Parameters<typeof inventoried>[0]) =>
      inventoried(change, `2026-03-${date}T23:00:00.000Z`);
    const old = { version: 'v1', created: '2026-02-01T00:00:00.000Z', expires: '2026-03-03T12:00:00.000Z' };
    const next = { version: 'v2', created: '2026-03-05T09:00:00.000Z', expires: '2026-09-05T09:00:00.000Z' };
    const overdue = (days: Parameters<typeof found>[0]['snapshots'] & object) =>
      found({ snapshots: days }).filter(({ rule }) => rule === 'rotation-overdue');
    const before = overdue([day('02', old), day('03', old), day('04', old)]);
    const after = overdue([day('02', old), day('03', old), day('04', old), day('05', next), day('06', next)]);
    expect(before).toMatchObject([{ firstAt: '2026-03-03T12:00:00.000Z', ended: null }]);
    expect(after).toMatchObject([
      { id: before[0]?.id, ended: { at: '2026-03-05T09:00:00.000Z', by: 'kv/database@v2' } },
    ]);
    // Overdue between two inventories only.
    expect(overdue([day('02', old), day('05', next)]).map(({ id }) => id)).toEqual([before[0]?.id]);
    expect(overdue([day('02', old), day('05', { ...next, created: '2026-03-03T09:00:00.000Z' })])).toEqual([]);
  });

  const oneYear = { created: '2026-02-01T00:00:00.000Z', expires: '2026-03-03T12:00:00.000Z' };
  const renewed = { version: 'v2', created: '2026-03-10T09:00:00.000Z', expires: '2026-09-05T09:00:00.000Z' };
  const shown = (date: string, change: Parameters<typeof inventoried>[0]) =>
    inventoried(change, `2026-03-${date}T23:00:00.000Z`);
  const without = (date: string) => shown(date, { secret: 'another', expires: null });
  const overdueOf = (snapshots: Parameters<typeof found>[0]['snapshots'] & object) =>
    found({ snapshots }).filter(({ rule }) => rule === 'rotation-overdue');

  it('ends when a secret that was overdue is deleted', () => {
    expect(overdueOf([shown('02', oneYear), shown('04', oneYear), without('05')])).toMatchObject([
      { ended: { at: '2026-03-05T23:00:00.000Z', by: 'kv/database is no longer listed' } },
    ]);
    // It was recovered, and is overdue still.
    expect(overdueOf([shown('04', oneYear), without('05'), shown('06', oneYear)])).toMatchObject([{ ended: null }]);
  });

  it.each([
    ['deleted', without('02')],
    ['disabled', shown('02', { ...oneYear, enabled: false })],
  ])('is none where the version was %s in time and another one came later under its name', (_how, inTime) => {
    expect(overdueOf([shown('01', oneYear), inTime, shown('10', renewed)])).toEqual([]);
  });

  it('ends with a value that a person set by hand, also before an inventory shows it', () => {
    const old = { version: 'v1', created: '2026-02-01T00:00:00.000Z', expires: '2026-03-02T06:00:00.000Z' };
    const set = (seconds: number) =>
      row('w', {
        kind: 'write',
        operation: 'SecretSet',
        at: at(seconds),
        version: null,
        identity: { ...row('w').identity, kind: 'person', userPrincipalName: 'ada@example.org' },
      });
    const overdue = (day: Parameters<typeof found>[0]) => found(day).filter(({ rule }) => rule === 'rotation-overdue');
    const snapshots = [inventoried(old, '2026-03-02T08:00:00.000Z')];
    expect(overdue({ snapshots })).toMatchObject([{ ended: null }]);
    const byHand = set(9 * 3600);
    expect(overdue({ snapshots, rows: [byHand] })).toMatchObject([{ ended: { by: byHand.id } }]);
    expect(overdue({ snapshots, rows: [{ ...byHand, status: 403, kind: 'denied' }] })).toMatchObject([{ ended: null }]);
  });

  it('is none where a value was set by hand in time and replaced again between two inventories', () => {
    const old = { version: 'v1', created: '2026-02-01T00:00:00.000Z', expires: '2026-03-02T14:00:00.000Z' };
    const third = { version: 'v3', created: '2026-03-02T18:00:00.000Z', expires: '2026-09-05T09:00:00.000Z' };
    const snapshots = [inventoried(old, '2026-03-02T01:00:00.000Z'), inventoried(third, '2026-03-02T23:00:00.000Z')];
    const byHand = row('w', { kind: 'write', operation: 'SecretSet', at: at(5 * 3600), version: null });
    const overdue = (rows: readonly Retrieval[]) =>
      found({ snapshots, rows }).filter(({ rule }) => rule === 'rotation-overdue').length;
    expect([overdue([]), overdue([byHand])]).toEqual([1, 0]);
    // The row of the late version itself is no second one.
    expect(overdue([row('w', { kind: 'write', operation: 'SecretSet', at: at(10 * 3600), version: 'v3' })])).toBe(1);
  });

  it('ends for a secret without expiry when an inventory first shows one, and opens again when it is gone', () => {
    const shown = (expiries: readonly (string | null)[]) =>
      found({
        snapshots: expiries.map((expires, index) =>
          inventoried({ expires }, `2026-03-0${String(index + 2)}T23:00:00Z`),
        ),
      }).map(({ rule, ended }) => [rule, ended?.at ?? null]);
    const expiry = '2026-12-01T00:00:00.000Z';
    expect(shown([null, expiry])).toEqual([['secret-without-expiry', '2026-03-03T23:00:00Z']]);
    expect(shown([null, expiry, null])).toEqual([['secret-without-expiry', null]]);
  });

  it('stays for a rotation that stopped and went on, with the same id', () => {
    const stop = {
      rotationId: 'abc.1',
      state: 'needs-attention',
      at: moment(95),
      failure: 'VAULT_ACCESS_DENIED',
      ended: null,
    } as const;
    const stopped = found({ history: [rotation({ state: 'needs-attention', stops: [stop] })] });
    const ended = { at: moment(900), state: 'done' } as const;
    const repaired = found({ history: [rotation({ state: 'done', stops: [{ ...stop, ended }] })] });
    expect(stopped).toMatchObject([{ rule: 'rotation-failed', ended: null }]);
    expect(repaired).toMatchObject([{ id: stopped[0]?.id, ended: { at: moment(900), by: 'rotation abc.1: done' } }]);
  });
});

describe('findings about approvals, clocks and inventories', () => {
  const approval = (by: Person, breakGlass = false) =>
    rotation({
      approvals: [{ step: 'publish', by, at: moment(94), breakGlass, reason: 'the shop is down' }],
      askedBy: personCalled('ann'),
    });

  it('name each use of break-glass, with who and why', () => {
    expect(found({ history: [approval(personCalled('ann'), true)] })).toMatchObject([
      {
        rule: 'break-glass-used',
        severity: 'high',
        description: 'ann broke the glass to publish in the rotation abc.1 of kv/database: the shop is down.',
      },
    ]);
  });

  it('name an approval by a machine account, by nobody proven, or by the person who asked', () => {
    const machine: Person = { kind: 'machine', subject: { issuer: 'https://login', id: 'm' }, name: 'deployer' };
    const link: Person = { kind: 'unnamed', door: 'sign-in-link', name: 'operator' };
    for (const by of [machine, link, personCalled('ann')]) {
      expect(found({ history: [approval(by)] })).toMatchObject([{ rule: 'unproven-approval', severity: 'high' }]);
    }
    expect(found({ history: [approval(personCalled('bob'))] })).toEqual([]);
  });

  it('name a read of a value after its expiry, once an inventory says when that was', () => {
    const snapshots = [inventoried({ expires: moment(50) })];
    const jobs = [given.job(1)];
    const late = found({ rows: [quiet], snapshots, jobs });
    expect(of('expired-value-read', late)).toMatchObject([{ subject: 'kv/database', severity: 'high', count: 1 }]);
    const early = found({ rows: [quiet], snapshots: [inventoried({ expires: moment(150) })], jobs });
    expect(of('expired-value-read', early)).toEqual([]);
    expect(of('expired-value-read', found({ rows: [quiet], jobs }))).toEqual([]);
  });

  it('name a secret that was read and that no inventory lists', () => {
    const left = found({ rows: [quiet], snapshots: [inventoried({ secret: 'other' })] });
    expect(of('secret-not-inventoried', left)).toMatchObject([{ subject: 'kv/database', count: 1 }]);
    expect(of('secret-not-inventoried', found({ rows: [quiet], snapshots: [inventoried()] }))).toEqual([]);
    expect(of('secret-not-inventoried', found({ rows: [quiet] }))).toEqual([]);
  });

  it('name a runner whose clock is off by more than the join allows for', () => {
    const receiptOf = (clockOffsetMs: number) => [given.posted(given.receipt(1, 'c1', { clockOffsetMs }))];
    expect(of('clock-off', found({ receipts: receiptOf(-40_000) }))).toMatchObject([{ subject: 'runner-1', count: 1 }]);
    expect(of('clock-off', found({ receipts: receiptOf(30_000) }))).toEqual([]);
  });
});

describe('a finding', () => {
  it('keeps its id while its first event stays the same; the worst are listed first', () => {
    const forged = row('c1', { identity: workload('elsewhere'), client: stamp(1) });
    const lone = found({ rows: [forged] })[0];
    const more = found({
      rows: [row('u', { identity: workload('nobody') }), forged, { ...forged, id: 'later', at: at(101) }],
    });
    expect(more.map(({ rule }) => rule)).toEqual(['contradicted-read', 'unknown-identity-read', 'unattributed-read']);
    expect(more[0]?.id).toBe(lone?.id);
    expect(lone?.id).toMatch(/^[0-9a-f]{16}$/);
  });
});
