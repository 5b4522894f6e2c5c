import { describe, expect, it } from 'vitest';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';
import * as given from '../attribution-fixtures.ts';

import { bound, found, inventoried, of, quiet, secret } from '../finding-fixtures.ts';

const { at, job, logged, moment, policy, posted, receipt, rotation, row, stamp, workload } = given;

describe('a day without exceptions', () => {
  it('finds nothing', () => {
    expect(found({ rows: [quiet], receipts: [posted(receipt(1, 'c1'))], inventory: [secret()] })).toEqual([]);
  });
});

describe('findings about reads', () => {
  it('name a read that contradicts itself, and why', () => {
    const forged = row('c1', { identity: workload('elsewhere'), client: stamp(1) });
    expect(of('contradicted-read', found({ rows: [forged, { ...forged, id: 'again' }] }))).toEqual([
      {
        subject: 'kv/database',
        severity: 'high',
        description:
          'The evidence of 2 reads of kv/database by the runner identity of acme/blog (elsewhere) contradicts itself: the policy does not allow jobs of the named repository to use the identity.',
        count: 2,
      },
    ]);
  });

  it('group reads that cannot be tied to a job, by caller', () => {
    const unknown = ['a', 'b', 'c'].map((id) => row(id, { at: at(9_000) }));
    expect(of('unattributed-read', found({ rows: unknown }))).toEqual([
      {
        subject: 'shared',
        severity: 'medium',
        description:
          '3 reads by the runner identity of acme/shop, acme/api (shared) could not be tied to a job: no job that may use the identity was running.',
        count: 3,
      },
    ]);
  });

  it('say of a read whose false stamp is a finding already that it is not tied apart from the stamp', () => {
    const forged = row('c1', { identity: workload('elsewhere'), client: stamp(1), at: at(100) });
    const plain = row('c2', { identity: workload('elsewhere'), at: at(100) });
    const untied = of('unattributed-read', found({ rows: [forged, plain] }));
    expect(untied.map(({ count, description }) => `${String(count)}: ${description.slice(0, 46)}`).sort()).toEqual([
      '1: 1 read by the runner identity of acme/blog (el',
      '1: Apart from the job that its client text names,',
    ]);
  });

  it('name an identity by the policy, or by its own name in Azure, followed by its id', () => {
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
    const description = found({ rows, policy: policy({ identities }) }).map((one) => one.description);
    expect(description).toEqual([
      'backup-job (x), which the policy does not list, read kv/database 1 time.',
      "Keyturn's rotator (rotator) purged kv/database 1 time.",
      '1 read by the runner identity for prod, arm64 (ci-1) could not be tied to a job: no job that may use the identity was running.',
    ]);
  });

  it('name the person who read', () => {
    const rows = [row('c1', { identity: given.person('ada@example.com') })];
    expect(of('read-by-person', found({ rows }))).toEqual([
      {
        subject: 'kv/database',
        severity: 'medium',
        description: 'ada@example.com read kv/database 1 time with personal credentials.',
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
    ['a fork', {}, { fork: true }, 1],
    ['a fork that may', { forks: true }, { fork: true }, 0],
    ['a job that may be of a fork', {}, { fork: 'unknown' as const, forkUnknownBecause: 'pulls/3 answered 403' }, 1],
  ])('check a job against the namespace: %s', (_, namespace, change, count) => {
    const findings = found({ rows: [quiet], policy: bound(namespace), jobs: [job(1, change)] });
    expect(of('read-outside-namespace', findings)).toHaveLength(count);
  });

  it('say why a job counts as one of a fork although Gitea did not say so', () => {
    const jobs = [job(1, { fork: 'unknown', forkUnknownBecause: 'pulls/3 answered 403' })];
    const [finding] = of('read-outside-namespace', found({ rows: [quiet], policy: bound({}), jobs }));
    expect(finding?.description).toContain('It is not known whether the job came from a fork (pulls/3 answered 403)');
  });

  it('name a read of an old version, once its grace has ended', () => {
    const history = [rotation({ fromVersion: 'v0', publishedAt: moment(0) })];
    const old = (second: number) => row(`c${String(second)}`, { version: 'v0', at: at(second), client: stamp(1) });
    const findings = found({ rows: [old(60), old(61), quiet], policy: bound(), history });
    expect(of('old-version-read', findings).map(({ subject, count }) => [subject, count])).toEqual([
      ['kv/database', 1],
    ]);
  });

  it('name a read of an old version directly after an emergency rotation, which has no grace', () => {
    const history = [rotation({ publishedAt: moment(0), emergency: true, graceMs: 0 })];
    const rows = [row('c1', { version: 'v0', at: at(1), client: stamp(1) })];
    const [finding] = of('old-version-read', found({ rows, policy: bound(), history }));
    expect(finding?.description).toContain('after an emergency rotation replaced it without grace');
  });

  it("use the grace recorded at the rotation's start, not the policy's current one", () => {
    const history = [rotation({ publishedAt: moment(0), graceMs: 3_600_000 })];
    const rows = [row('c1', { version: 'v0', at: at(61), client: stamp(1) })];
    expect(of('old-version-read', found({ rows, policy: bound(), history }))).toEqual([]);
  });

  it('name a read of the new version after a roll-back, but not of the old one', () => {
    const rolledBack = { at: moment(30), says: 'ann: broken', newEndsFrom: moment(90) };
    const history = [rotation({ state: 'rolled-back', publishedAt: moment(0), rolledBack })];
    const read = (version: string, second: number) =>
      row(`${version} ${String(second)}`, { version, at: at(second), client: stamp(1) });
    const rows = [read('v0', 100), read('v1', 90), read('v1', 91)];
    expect(of('old-version-read', found({ rows, policy: bound(), history }))).toMatchObject([
      { count: 1, description: expect.stringContaining('version v1') as string },
    ]);
  });

  it('name the reader of a staging secret', () => {
    const rows = [row('c1', { secret: 'rot-pending--database', client: stamp(1) })];
    expect(of('staging-read', found({ rows }))).toMatchObject([
      { subject: 'kv/rot-pending--database', severity: 'high' },
    ]);
  });

  it("name Keyturn's own identity if no journal explains its read", () => {
    const rows = [row('c1', { identity: workload('rotator') })];
    expect(of('rotation-unexplained', found({ rows }))).toHaveLength(1);
    expect(of('rotation-unexplained', found({ rows, history: [rotation()] }))).toHaveLength(0);
  });
});

describe('findings about receipts', () => {
  const jobs = [job(1), job(2)];

  it('name the copier, not the job that was copied from', () => {
    const receipts = [posted(receipt(1, 'c1')), logged(receipt(1, 'c1'), 2)];
    const findings = found({ rows: [quiet], jobs, receipts });
    expect(of('duplicate-receipt', findings)).toMatchObject([{ subject: 'acme/shop 10/2.1', severity: 'high' }]);
    expect(findings).toHaveLength(1);
  });

  it("name a job that posts the id of another job's read", () => {
    const receipts = [posted(receipt(1, 'c1')), posted(receipt(2, 'c1'))];
    const findings = found({ rows: [quiet], jobs, receipts });
    expect(of('duplicate-receipt', findings)).toMatchObject([
      {
        subject: 'kv/database',
        description:
          'A receipt of acme/shop 10/2.1 claims a read of kv/database that is tied to acme/shop 10/1.1: it is forged.',
      },
    ]);
  });

  it('name both jobs if nothing tells which receipt is forged', () => {
    const receipts = [posted(receipt(1, 'c1')), posted(receipt(2, 'c1'))];
    const findings = found({ rows: [{ ...quiet, client: null }], jobs, receipts });
    expect(of('duplicate-receipt', findings)).toMatchObject([
      {
        description:
          'Receipts of acme/shop 10/1.1 and acme/shop 10/2.1 claim the same read of kv/database: at least one of them is forged.',
      },
    ]);
  });

  it('name receipts that differ and of which no read is in the log', () => {
    const refused = (number: number, status: number) =>
      posted(receipt(number, 'lost', { version: null, requests: [{ id: 'lost', status, at: moment(100) }] }));
    const findings = found({ jobs, receipts: [refused(1, 403), refused(2, 404)] });
    expect(of('duplicate-receipt', findings).map(({ subject }) => subject)).toEqual([
      'acme/shop 10/1.1',
      'acme/shop 10/2.1',
    ]);
  });

  it('name receipts without a row once no more rows can arrive', () => {
    const receipts = [posted(receipt(1, 'lost'))];
    expect(of('orphan-receipt', found({ jobs, receipts }))).toMatchObject([
      { subject: 'acme/shop 10/1.1', severity: 'medium' },
    ]);
    expect(of('orphan-receipt', found({ jobs, receipts, settledTo: Date.parse(moment(50)) }))).toEqual([]);
    const refused = receipt(1, 'lost', { version: null, requests: [{ id: 'lost', status: 403, at: moment(100) }] });
    expect(of('orphan-receipt', found({ jobs, receipts: [posted(refused)] }))).toEqual([]);
  });
});

describe('a secret that lives between two inventories', () => {
  const write = (operation: string, second: number, change: Partial<Retrieval> = {}) =>
    row(operation, { kind: 'write', operation, at: at(second), secret: 'brief', ...change });

  it('is found by the log, though no inventory ever lists it', () => {
    const rows = [write('SecretSet', 10), write('SecretDelete', 60)];
    expect(of('secret-not-inventoried', found({ rows, snapshots: [inventoried()] }))).toEqual([
      {
        subject: 'kv/brief',
        severity: 'medium',
        description: 'kv/brief was set 1 time, but no inventory lists it.',
        count: 1,
      },
    ]);
  });

  it.each([
    ['one that the next inventory lists', { secret: 'database' }],
    ['one that waits to be published', { secret: 'rot-pending--database' }],
    ['one set after the last inventory', { at: '2026-03-02T23:30:00.0000000Z' }],
  ])('is not %s', (_, change) => {
    const rows = [write('SecretSet', 10, change)];
    expect(of('secret-not-inventoried', found({ rows, snapshots: [inventoried()] }))).toEqual([]);
  });
});
