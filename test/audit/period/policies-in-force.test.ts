import { describe, expect, it } from 'vitest';
import { policiesOn, recordPolicy } from '../../../src/audit/collection/policy-ledger.ts';
import { policiesInForce } from '../../../src/audit/period/policies-in-force.ts';
import { emptyPolicy } from '../../../src/secrets/policy.ts';
import * as given from '../attribution-fixtures.ts';
import { bound, found } from '../finding-fixtures.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';

const period = { from: new Date('2026-03-02T00:00:00Z'), to: new Date('2026-04-01T00:00:00Z') };
const strict = bound({ repositories: ['acme/shop'] }, { approval: ['publish'] });
const loose = bound({ repositories: ['acme/shop', 'acme/blog'] }, { approval: [] });
const loaded = (loadedAt: string, text: string, policy: typeof strict) => ({ loadedAt, sha256: text, text, policy });

describe('the record of policies', () => {
  it('keeps each policy that was loaded once, with its text and time, and one that comes back again', async () => {
    const records = memoryRecordStore();
    for (const [text, day] of [
      ['a', 2],
      ['a', 3],
      ['b', 4],
      ['a', 5],
    ] as const) {
      await recordPolicy(records, text, new Date(`2026-03-0${String(day)}T00:00:00Z`));
    }
    expect((await policiesOn(records)).map(({ text, loadedAt }) => [text, loadedAt.slice(0, 10)])).toEqual([
      ['a', '2026-03-02'],
      ['b', '2026-03-04'],
      ['a', '2026-03-05'],
    ]);
  });

  it('keeps what a process loaded once, however often it tells', async () => {
    const records = memoryRecordStore();
    const loadedAt = new Date('2026-03-02T00:00:00Z');
    expect([await recordPolicy(records, 'a', loadedAt), await recordPolicy(records, 'a', loadedAt)]).toEqual([
      true,
      false,
    ]);
  });
});

describe('the policies of a period', () => {
  it('begin with the one in force at its start; each change has a readable difference', () => {
    const { policies, policyChanges } = policiesInForce(
      [
        loaded('2026-01-01T00:00:00Z', 'old', emptyPolicy),
        loaded('2026-02-01T00:00:00Z', 'strict', strict),
        loaded('2026-03-10T00:00:00Z', 'loose', loose),
        loaded('2026-04-02T00:00:00Z', 'later', emptyPolicy),
      ],
      emptyPolicy,
      period,
    );
    expect(policies.map(({ text }) => text)).toEqual(['strict', 'loose']);
    expect(policyChanges).toMatchObject([
      {
        sha256: 'loose',
        before: 'strict',
        widens: [
          'secret kv/database: approval from publish to none',
          'namespace production: repositories from acme/shop to acme/shop, acme/blog',
        ],
      },
    ]);
  });

  it('judge each read: one that was forbidden on Monday stays an exception though it is allowed on Friday', () => {
    const policyAt = (at: string) => (at < given.at(50) ? strict : loose);
    const blog = given.job(1, { repository: 'acme/blog', repositoryId: 1 });
    const shared = { ...given.policy().identities.get('shared'), repositories: ['acme/blog'] };
    const identities = new Map(strict.identities).set('shared', shared as never);
    const both = (at: string) => ({ ...policyAt(at), identities });
    const read = (second: number) => given.row(`c${String(second)}`, { at: given.at(second) });
    const findings = found({ rows: [read(10), read(90)], jobs: [blog], policyAt: both });
    expect(findings.filter(({ rule }) => rule === 'read-outside-namespace')).toMatchObject([
      { count: 1, firstAt: given.at(10) },
    ]);
  });
});
