import { describe, expect, it } from 'vitest';
import { type AttributionSources, createAttributor } from '../../src/audit/attribute-retrievals.ts';
import type { SecretInventoryEntry } from '../../src/audit/audited-period.ts';
import type { Finding, FindingRule } from '../../src/audit/finding.ts';
import { findExceptions } from '../../src/audit/findings/find-exceptions.ts';
import type { EndOfPeriod } from '../../src/audit/findings/finding-rule.ts';
import type { Retrieval } from '../../src/audit/retrieval.ts';
import type { RotationHistory } from '../../src/rotation/rotation-history.ts';
import type { Namespace, Policy, SecretBinding } from '../../src/secrets/policy.ts';
import * as given from './attribution-fixtures.ts';

const { at, job, logged, moment, policy, posted, receipt, rotation, row, stamp, workload } = given;

const period = { from: new Date('2026-03-02T00:00:00Z'), to: new Date('2026-03-03T00:00:00Z') };

interface Given extends Partial<AttributionSources>, Partial<EndOfPeriod> {
  readonly rows?: readonly Retrieval[];
  readonly history?: readonly RotationHistory[];
}

/** What is found in one day, by the rule's name. */
function found(day: Given): Finding[] {
  const rotations = day.history ?? [];
  const sources = { policy: policy(), jobs: [job(1)], receipts: [], ...day, rotations };
  const attributor = createAttributor(sources);
  const exceptions = findExceptions({ period, policy: sources.policy, rotations, attribution: attributor.context });
  for (const retrieval of day.rows ?? []) {
    if (retrieval.correlationId !== null) attributor.context.receipts.match(retrieval.correlationId);
    exceptions.see(retrieval, retrieval.kind === 'read' ? attributor.attribute(retrieval) : null);
  }
  const asOf = period.to.getTime();
  const rest = { settledTo: asOf, asOf, coverage: [], unreadable: [], inventory: [], held: [] };
  return [...exceptions.findings({ ...rest, ...day })];
}

function of(
  rule: FindingRule,
  findings: readonly Finding[],
): readonly Pick<Finding, 'subject' | 'severity' | 'says' | 'count'>[] {
  return findings
    .filter((one) => one.rule === rule)
    .map(({ subject, severity, says, count }) => ({ subject, severity, says, count }));
}

function binding(change: Partial<SecretBinding> = {}): SecretBinding {
  return {
    vault: 'kv',
    name: 'database',
    issuer: 'generated',
    target: {},
    validityMs: 30 * 86_400_000,
    graceMs: 60_000,
    consumersLifetimeMs: 0,
    minimumAgeMs: 0,
    rotationsPerDay: 1,
    environment: 'prod',
    namespaces: ['production'],
    approval: [],
    group: null,
    alsoPublish: [],
    ...change,
  };
}

function bound(namespace: Partial<Namespace> = {}, change: Partial<SecretBinding> = {}): Policy {
  const whole = { name: 'production', repositories: [], branches: [], events: [], environments: [], forks: false };
  return policy({
    secrets: new Map([['kv/database', binding(change)]]),
    namespaces: new Map([['production', { ...whole, ...namespace }]]),
  });
}

function secret(change: Partial<SecretInventoryEntry> = {}): SecretInventoryEntry {
  return {
    vault: 'kv',
    secret: 'database',
    version: 'v1',
    enabled: true,
    created: '2026-02-01T00:00:00.000Z',
    expires: '2026-12-01T00:00:00.000Z',
    environment: 'prod',
    issuer: 'generated',
    validityDays: 90,
    ageDays: 30,
    reads: 1,
    lastReadAt: null,
    ...change,
  };
}

const quiet = row('c1', { client: stamp(1) });
const denied = (second: number, name = 'database', change: Partial<Retrieval> = {}) =>
  row(`d${String(second)}-${name}`, {
    at: at(second),
    kind: 'denied',
    status: 403,
    denial: 'rbac',
    secret: name,
    ...change,
  });

describe('a day on which nothing is wrong', () => {
  it('finds nothing', () => {
    expect(found({ rows: [quiet], receipts: [posted(receipt(1, 'c1'))], inventory: [secret()] })).toEqual([]);
  });
});

describe('findings about reads', () => {
  it('name a read that contradicts itself, and say how', () => {
    const forged = row('c1', { identity: workload('elsewhere'), client: stamp(1) });
    expect(of('contradicted-read', found({ rows: [forged, { ...forged, id: 'again' }] }))).toEqual([
      {
        subject: 'kv/database',
        severity: 'high',
        says: 'The evidence of 2 reads of kv/database by the runner identity of acme/blog (elsewhere) contradicts itself: the policy does not let jobs of the repository that is named use the identity.',
        count: 2,
      },
    ]);
  });

  it('gather reads that nobody can be tied to, by caller', () => {
    const unknown = ['a', 'b', 'c'].map((id) => row(id, { identity: workload('nobody') }));
    expect(of('unattributed-read', found({ rows: unknown }))).toEqual([
      {
        subject: 'nobody',
        severity: 'medium',
        says: "3 reads by nobody could not be tied to a job: the policy does not say whose the row's identity is.",
        count: 3,
      },
    ]);
  });

  it('name an identity as the policy does, or by its own name in Azure, with the id behind it', () => {
    const labelled = { ...workload('ci-1'), objectId: 'ci-1' };
    const identities = new Map(policy().identities).set('ci-1', {
      objectId: 'ci-1',
      role: 'runner',
      runnerLabels: ['prod', 'arm64'],
      repositories: [],
      addresses: [],
    });
    const named = {
      ...workload('x'),
      managedIdentity: '/subscriptions/s/providers/m/userassignedidentities/backup-job',
    };
    const rows = [
      row('a', { identity: labelled, at: at(9_000) }),
      row('b', { identity: named }),
      row('c', { kind: 'write', operation: 'SecretPurge', identity: workload('rotator') }),
    ];
    const says = found({ rows, policy: policy({ identities }) }).map((one) => one.says);
    expect(says).toEqual([
      "Keyturn's rotator (rotator) purged kv/database 1 time.",
      "1 read by backup-job (x) could not be tied to a job: the policy does not say whose the row's identity is.",
      '1 read by the runner identity for prod, arm64 (ci-1) could not be tied to a job: no job that may use the identity was running.',
    ]);
  });

  it('name who read in person', () => {
    const rows = [row('c1', { identity: given.person('ada@example.com') })];
    expect(of('read-by-person', found({ rows }))).toEqual([
      {
        subject: 'kv/database',
        severity: 'medium',
        says: 'ada@example.com read kv/database 1 time with credentials of their own.',
        count: 1,
      },
    ]);
  });

  it.each([
    ['a repository that is not listed', { repositories: ['acme/api'] }, {}, 1],
    ['a repository that is, in another case', { repositories: ['Acme/Shop'] }, {}, 0],
    ['a branch that is not listed', { branches: ['release/*'] }, {}, 1],
    ['a branch that a pattern holds', { branches: ['ma*'] }, {}, 0],
    ['an event that is not listed', { events: ['schedule'] }, {}, 1],
    ['an environment that is not listed', { environments: ['dev'] }, {}, 1],
    ['a fork', {}, { fork: true }, 1],
    ['a fork that may', { forks: true }, { fork: true }, 0],
  ])('hold a job against the namespace: %s', (_, namespace, change, count) => {
    const findings = found({ rows: [quiet], policy: bound(namespace), jobs: [job(1, change)] });
    expect(of('read-outside-namespace', findings)).toHaveLength(count);
  });

  it('name a read of an old version, once its grace has ended', () => {
    const history = [rotation({ fromVersion: 'v0', publishedAt: moment(0) })];
    const old = (second: number) => row(`c${String(second)}`, { version: 'v0', at: at(second), client: stamp(1) });
    const findings = found({ rows: [old(60), old(61), quiet], policy: bound(), history });
    expect(of('old-version-read', findings).map(({ subject, count }) => [subject, count])).toEqual([
      ['kv/database', 1],
    ]);
  });

  it('name a read of an old version right behind an emergency, which claimed no grace', () => {
    const history = [rotation({ publishedAt: moment(0), emergency: true, graceMs: 0 })];
    const rows = [row('c1', { version: 'v0', at: at(1), client: stamp(1) })];
    const [finding] = of('old-version-read', found({ rows, policy: bound(), history }));
    expect(finding?.says).toContain('after an emergency had replaced it without a grace');
  });

  it('hold a read against the grace that was claimed, not against the one of the policy today', () => {
    const history = [rotation({ publishedAt: moment(0), graceMs: 3_600_000 })];
    const rows = [row('c1', { version: 'v0', at: at(61), client: stamp(1) })];
    expect(of('old-version-read', found({ rows, policy: bound(), history }))).toEqual([]);
  });

  it('name a read of the new version behind a roll-back, and none of the old one', () => {
    const rolledBack = { at: moment(30), says: 'ann: broken', newEndsFrom: moment(90) };
    const history = [rotation({ state: 'rolled-back', publishedAt: moment(0), rolledBack })];
    const read = (version: string, second: number) =>
      row(`${version} ${String(second)}`, { version, at: at(second), client: stamp(1) });
    const rows = [read('v0', 100), read('v1', 90), read('v1', 91)];
    expect(of('old-version-read', found({ rows, policy: bound(), history }))).toMatchObject([
      { count: 1, says: expect.stringContaining('version v1') as string },
    ]);
  });

  it('name whoever read a staging secret', () => {
    const rows = [row('c1', { secret: 'rot-pending--database', client: stamp(1) })];
    expect(of('staging-read', found({ rows }))).toMatchObject([
      { subject: 'kv/rot-pending--database', severity: 'high' },
    ]);
  });

  it('name our own identity where no journal accounts for its read', () => {
    const rows = [row('c1', { identity: workload('rotator') })];
    expect(of('rotation-unexplained', found({ rows }))).toHaveLength(1);
    expect(of('rotation-unexplained', found({ rows, history: [rotation()] }))).toHaveLength(0);
  });
});

describe('findings about receipts', () => {
  const jobs = [job(1), job(2)];

  it('cost the copier, by name, and not the job that was copied from', () => {
    const receipts = [posted(receipt(1, 'c1')), logged(receipt(1, 'c1'), 2)];
    const findings = found({ rows: [quiet], jobs, receipts });
    expect(of('duplicate-receipt', findings)).toMatchObject([{ subject: 'acme/shop 10/2.1', severity: 'high' }]);
    expect(findings).toHaveLength(1);
  });

  it('name a job that posts the id of a read that another job made', () => {
    const receipts = [posted(receipt(1, 'c1')), posted(receipt(2, 'c1'))];
    const findings = found({ rows: [quiet], jobs, receipts });
    expect(of('duplicate-receipt', findings).map(({ subject }) => subject)).toEqual(['acme/shop 10/2.1']);
  });

  it('name receipts without a row, once no row can come any more', () => {
    const receipts = [posted(receipt(1, 'lost'))];
    expect(of('orphan-receipt', found({ jobs, receipts }))).toMatchObject([
      { subject: 'acme/shop 10/1.1', severity: 'medium' },
    ]);
    expect(of('orphan-receipt', found({ jobs, receipts, settledTo: Date.parse(moment(50)) }))).toEqual([]);
    const refused = receipt(1, 'lost', { version: null, requests: [{ id: 'lost', status: 403, at: moment(100) }] });
    expect(of('orphan-receipt', found({ jobs, receipts: [posted(refused)] }))).toEqual([]);
  });
});

describe('findings about refusals', () => {
  it('call five in ten minutes a burst, and four none', () => {
    const rows = [1, 2, 3, 4, 5].map((second) => denied(second));
    expect(of('denied-burst', found({ rows }))).toMatchObject([{ subject: 'shared', severity: 'medium', count: 5 }]);
    expect(of('denied-burst', found({ rows: rows.slice(1) }))).toEqual([]);
  });

  it('call it a role assignment on its way when it ends in a read of the same secret within half an hour', () => {
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

  it('call it high when many secrets were tried', () => {
    const rows = ['a', 'b', 'c', 'd', 'e'].map((name, second) => denied(second, name));
    expect(of('denied-burst', found({ rows }))).toMatchObject([{ subject: 'shared', severity: 'high' }]);
  });

  it('take no heed of the challenges of new clients', () => {
    const rows = [1, 2, 3, 4, 5].map((second) => denied(second, 'database', { kind: 'probe' }));
    expect(found({ rows })).toEqual([]);
  });
});

describe('findings about the log', () => {
  it('join hours in a row without a canary to one, and wait for those that may still fill', () => {
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

  it('count rows that could not be read, by reason', () => {
    const unreadable = ['#1', '#2'].map((place) => ({ place, reason: 'it has no HttpStatusCode' }));
    expect(of('unreadable-row', found({ unreadable }))).toMatchObject([
      { subject: 'it has no HttpStatusCode', severity: 'medium', count: 2 },
    ]);
  });

  it('name rows whose status and signature disagree', () => {
    expect(of('status-disagrees', found({ rows: [{ ...quiet, statusDisagrees: true }] }))).toHaveLength(1);
  });
});

describe('findings about secrets and their rotation', () => {
  it.each([
    ['secret-never-read', { reads: 0 }, 1],
    ['secret-never-read', { reads: 0, created: '2026-03-02T05:00:00.000Z' }, 0],
    ['secret-never-read', { reads: 0, enabled: false }, 0],
    ['rotation-overdue', { ageDays: 91 }, 1],
    ['rotation-overdue', { ageDays: 90 }, 0],
    ['rotation-overdue', { expires: '2026-03-02T12:00:00.000Z' }, 1],
    ['rotation-overdue', { expires: '2026-03-02T12:00:00.000Z', enabled: false }, 0],
    ['secret-without-expiry', { expires: null }, 1],
  ] as const)('%s of a secret with %o: %d', (rule, change, count) => {
    expect(of(rule, found({ inventory: [secret(change)] }))).toHaveLength(count);
  });

  it('name a rotation that waits for a person', () => {
    const history = [rotation({ state: 'needs-attention', failure: 'VAULT_ACCESS_DENIED' })];
    expect(of('rotation-failed', found({ history }))).toMatchObject([
      {
        subject: 'kv/database',
        severity: 'high',
        says: 'The rotation abc.1 of kv/database stopped and needs a person. The vault refused this identity. Check its role assignment first; a new one takes minutes to reach the vault.',
      },
    ]);
  });

  it('name a rotation that left two credentials alive, and none that took back what it issued', () => {
    const superseded = (newValue: RotationHistory['newValue']) =>
      of('rotation-failed', found({ history: [rotation({ state: 'superseded', newValue })] }));
    expect(superseded('not-ended')).toMatchObject([
      {
        severity: 'medium',
        says: expect.stringContaining('neither the old nor the new credential was ended') as string,
      },
    ]);
    expect(superseded('withdrawn')).toEqual([]);
  });

  it('name it in the period in which it came to that, not in the one in which it was claimed', () => {
    const stopped = (stateSince: string, claimedAt: string) =>
      of('rotation-failed', found({ history: [rotation({ state: 'needs-attention', stateSince, claimedAt })] }));
    expect(stopped(moment(0), '2026-03-01T23:00:00.000Z')).toHaveLength(1);
    expect(stopped('2026-03-03T01:00:00.000Z', moment(0))).toEqual([]);
  });

  it('tell writes of a rotation from those that nobody accounts for', () => {
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

  it('name what takes a secret away, and not what was refused', () => {
    const purge = row('p', { kind: 'write', operation: 'SecretPurge' });
    expect(of('sensitive-operation', found({ rows: [purge] }))).toMatchObject([
      { subject: 'kv/database', severity: 'high' },
    ]);
    expect(of('sensitive-operation', found({ rows: [{ ...purge, status: 403, kind: 'denied' }] }))).toEqual([]);
  });

  it('name a tag that asks for more than the policy allows, and none that asks for less', () => {
    const held = (days: string) => [{ ...secret(), tags: { ValidityPeriodDays: days } }];
    expect(of('tag-widened', found({ held: held('31'), policy: bound() }))).toHaveLength(1);
    expect(of('tag-widened', found({ held: held('30'), policy: bound() }))).toEqual([]);
  });

  it('name each tag that is not what it is to be with its effect, and never its text', () => {
    const tags = { ValidityPeriodDays: 'hunter2', rotation: 'offf' };
    expect(of('tag-malformed', found({ held: [{ ...secret(), tags }], policy: bound() }))).toEqual([
      {
        subject: 'kv/database',
        severity: 'medium',
        count: 1,
        says: 'The tag rotation of kv/database is not on or off; it counts as off, so that the secret is not rotated.',
      },
      {
        subject: 'kv/database',
        severity: 'medium',
        count: 1,
        says: 'The tag ValidityPeriodDays of kv/database is not a whole number of days, at least 1; it has no effect.',
      },
    ]);
    const proper = { ValidityPeriodDays: '20', rotation: 'off' };
    expect(of('tag-malformed', found({ held: [{ ...secret(), tags: proper }], policy: bound() }))).toEqual([]);
    expect(of('tag-malformed', found({ held: [{ ...secret(), tags }] }))).toEqual([]);
  });
});

describe('a finding', () => {
  it('keeps its id while its first event stays, and lists the worst first', () => {
    const forged = row('c1', { identity: workload('elsewhere'), client: stamp(1) });
    const lone = found({ rows: [forged] })[0];
    const more = found({
      rows: [row('u', { identity: workload('nobody') }), forged, { ...forged, id: 'later', at: at(101) }],
    });
    expect(more.map(({ rule }) => rule)).toEqual(['contradicted-read', 'unattributed-read']);
    expect(more[0]?.id).toBe(lone?.id);
    expect(lone?.id).toMatch(/^[0-9a-f]{16}$/);
  });
});
