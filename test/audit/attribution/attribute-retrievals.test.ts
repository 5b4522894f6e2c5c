import { describe, expect, it } from 'vitest';
import { type AttributionSources, createAttributor } from '../../../src/audit/attribution/attribute-retrievals.ts';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';
import { opaqueName } from '../../../src/provenance/opaque-name.ts';
import { emptyPolicy } from '../../../src/secrets/policy.ts';
import * as given from '../attribution-fixtures.ts';

const { job, logged, policy, posted, receipt, rotation, row, stamp, workload } = given;

function grade(retrieval: Retrieval, sources: Partial<AttributionSources> = {}): string {
  const attributor = createAttributor({ policy: policy(), jobs: [job(1)], receipts: [], rotations: [], ...sources });
  const { grade: found, reason } = attributor.attribute(retrieval);
  return `${found} ${reason}`;
}

describe('a row with a receipt', () => {
  it('is authenticated if the receipt was posted and everything agrees', () => {
    expect(grade(row('c1', { client: stamp(1) }), { receipts: [posted(receipt(1, 'c1'))] })).toBe(
      'authenticated receipt-posted',
    );
    expect(grade(row('c1'), { receipts: [posted(receipt(1, 'c1'))] })).toBe('authenticated receipt-posted');
  });

  it('is corroborated by a receipt in the log of a job with a shared identity, authenticated with a dedicated one', () => {
    const receipts = [logged(receipt(1, 'c1'))];
    expect(grade(row('c1'), { receipts })).toBe('corroborated receipt-logged');
    const own = row('c1', { identity: workload('dedicated') });
    expect(grade(own, { receipts })).toBe('authenticated receipt-logged-by-dedicated-identity');
  });

  it('is at most corroborated while its job is known only from a hook', () => {
    const sources = { jobs: [job(1, { known: 'hook' })], receipts: [posted(receipt(1, 'c1'))] };
    expect(grade(row('c1'), sources)).toBe('corroborated job-known-from-hook-alone');
  });

  it('is at most corroborated if jobs share the host of their runner', () => {
    const identities = new Map([...policy().identities].map(([id, rule]) => [id, { ...rule, sharedHost: true }]));
    const shared = policy({ identities });
    expect(grade(row('c1'), { receipts: [posted(receipt(1, 'c1'))], policy: shared })).toBe(
      'corroborated host-shared-by-jobs',
    );
    const own = row('c1', { identity: workload('dedicated') });
    expect(grade(own, { receipts: [logged(receipt(1, 'c1'))], policy: shared })).toBe(
      'corroborated host-shared-by-jobs',
    );
  });

  it('is at most claimed without identities in the policy, or if its job is unknown', () => {
    const receipts = [posted(receipt(1, 'c1'))];
    expect(grade(row('c1'), { receipts, policy: emptyPolicy })).toBe('claimed identity-not-in-policy');
    expect(grade(row('c1'), { receipts, jobs: [] })).toBe('claimed receipt-of-unknown-job');
  });

  it('matches opaque names', () => {
    const opaque = { opaque: true, vault: opaqueName('kv'), secret: opaqueName('database') };
    expect(grade(row('c1'), { receipts: [posted(receipt(1, 'c1', opaque))] })).toBe('authenticated receipt-posted');
    const other = { ...opaque, secret: opaqueName('other') };
    expect(grade(row('c1'), { receipts: [posted(receipt(1, 'c1', other))] })).toBe(
      'contradicted receipt-of-another-secret',
    );
  });

  it.each([
    ['receipt-of-another-vault', receipt(1, 'c1', { vault: 'other' })],
    ['receipt-of-another-secret', receipt(1, 'c1', { secret: 'other' })],
    ['receipt-of-another-version', receipt(1, 'c1', { version: 'v2' })],
    ['receipt-of-another-run', receipt(1, 'c1', { job: { ...given.numbers(1), runId: 11 } })],
    ['receipt-of-another-repository', receipt(1, 'c1', { job: { ...given.numbers(1), repositoryId: 2 } })],
    ['receipt-of-another-address', receipt(1, 'c1', { address: '20.1.1.2' })],
    ['receipt-of-another-time', receipt(1, 'c1', { requests: [{ id: 'c1', status: 200, at: given.moment(200) }] })],
  ])('is contradicted by a mismatch: %s', (reason, wrong) => {
    expect(grade(row('c1'), { receipts: [posted(wrong)] })).toBe(`contradicted ${reason}`);
  });

  it('is contradicted by an identity or an address that never serves the job, and by a job that was not running', () => {
    const receipts = [posted(receipt(1, 'c1'))];
    const elsewhere = row('c1', { identity: workload('elsewhere') });
    expect(grade(elsewhere, { receipts })).toBe('contradicted identity-never-serves-repository');
    const away = row('c1', { address: '99.1.1.1' });
    const moved = [posted(receipt(1, 'c1', { address: '99.1.1.1' }))];
    expect(grade(away, { receipts: moved })).toBe('contradicted address-not-of-identity');
    const ended = [job(1, { completedAt: given.moment(90) })];
    expect(grade(row('c1'), { receipts, jobs: ended })).toBe('contradicted job-was-not-running');
  });

  it('is not contradicted by a job whose times are not known yet: a posted receipt ties it, a logged one corroborates it', () => {
    const between = { after: given.moment(-5), before: given.moment(300) };
    const untimed = [
      { status: 'queued', conclusion: null, startedAt: null, completedAt: null },
      { startedAt: null, completedAt: between.before, endedBetween: between },
      { completedAt: between.before, endedBetween: { after: given.moment(50), before: between.before } },
      // Gitea's clock was set back between the two.
      { startedAt: given.moment(200), completedAt: given.moment(50) },
    ] as const;
    for (const change of untimed) {
      const jobs = [job(1, change)];
      expect(grade(row('c1'), { jobs, receipts: [posted(receipt(1, 'c1'))] })).toBe('authenticated receipt-posted');
      const own = row('c1', { identity: workload('dedicated') });
      expect(grade(own, { jobs, receipts: [logged(receipt(1, 'c1'))] })).toBe('corroborated receipt-logged');
      expect(grade(row('c1', { client: stamp(1) }), { jobs })).toBe('claimed job-times-unknown');
    }
  });

  it('is contradicted by an attempt that a re-run had closed before, and by one that never started', () => {
    const receipts = [posted(receipt(1, 'c1'))];
    const before = given.moment(60);
    const closed = { completedAt: before, endedBetween: { after: given.moment(0), before } };
    expect(grade(row('c1'), { receipts, jobs: [job(1, closed)] })).toBe('contradicted job-was-not-running');
    const skipped = { conclusion: 'skipped', startedAt: null, completedAt: null } as const;
    expect(grade(row('c1'), { receipts, jobs: [job(1, skipped)] })).toBe('contradicted job-was-not-running');
  });

  it("corrects the runner's clock by the offset in the receipt", () => {
    const late = { requests: [{ id: 'c1', status: 200, at: given.moment(520) }], clockOffsetMs: -420_000 };
    expect(grade(row('c1'), { receipts: [posted(receipt(1, 'c1', late))] })).toBe('authenticated receipt-posted');
  });

  it('tolerates whole seconds and a small skew at both ends of its job', () => {
    const receipts = [posted(receipt(1, 'c1'))];
    expect(grade(row('c1'), { receipts, jobs: [job(1, { completedAt: given.moment(98) })] })).toMatch(/^authenticated/);
    expect(grade(row('c1'), { receipts, jobs: [job(1, { completedAt: given.moment(96) })] })).toMatch(/^contradicted/);
  });

  it('ignores a refused attempt with the same id', () => {
    const denied = receipt(1, 'c1', { requests: [{ id: 'c1', status: 403, at: given.moment(100) }] });
    expect(grade(row('c1'), { receipts: [posted(denied)] })).toBe('inferred one-job-was-running');
  });
});

describe('a row whose receipt was copied', () => {
  const jobs = [job(1), job(2, { repositoryId: 2, repository: 'acme/api' })];

  it('keeps its grade if another job prints the receipt', () => {
    const receipts = [posted(receipt(1, 'c1')), logged(receipt(1, 'c1'), 2)];
    expect(grade(row('c1'), { jobs, receipts })).toBe('authenticated receipt-posted');
    expect(grade(row('c1', { client: stamp(1) }), { jobs, receipts })).toBe('authenticated receipt-posted');
  });

  it('keeps its grade by its stamp if another job posts the id as its own', () => {
    const forged = receipt(2, 'c1', { job: { ...given.numbers(2), repositoryId: 2 } });
    const receipts = [posted(receipt(1, 'c1')), posted(forged)];
    expect(grade(row('c1', { client: stamp(1) }), { jobs, receipts })).toBe('authenticated receipt-posted');
    expect(grade(row('c1'), { jobs, receipts })).toBe('ambiguous several-receipts');
  });

  it('is contradicted if its stamp names a job without a receipt, while another job has one', () => {
    expect(grade(row('c1', { client: stamp(1) }), { jobs, receipts: [posted(receipt(2, 'c1'))] })).toBe(
      'contradicted stamp-and-receipt-disagree',
    );
  });
});

describe('a row with only a stamp', () => {
  const harvestedLog = { harvested: new Set(['aaaaaaaa-1-1']) };

  it('is corroborated if Gitea, identity and address confirm it', () => {
    expect(grade(row('c1', { client: stamp(1) }))).toBe('corroborated stamp-confirmed');
  });

  it.each([
    ['claimed address-unknown', { identity: workload('unplaced') }, {}],
    ['claimed identity-not-in-policy', { identity: workload('nobody') }, {}],
    ['contradicted identity-never-serves-repository', { identity: workload('elsewhere') }, {}],
    ['contradicted address-not-of-identity', { address: '99.1.1.1' }, {}],
    ['contradicted address-not-of-identity', { address: 'no address' }, {}],
    ['contradicted job-was-not-running', { at: given.at(700) }, {}],
    ['contradicted stamp-of-another-run', { client: stamp(1, { runId: 11 }) }, {}],
    ['contradicted stamp-of-another-repository', { client: stamp(1, { repositoryId: 7 }) }, {}],
    ['claimed stamp-of-unknown-job', { client: stamp(9) }, {}],
    ['contradicted stamp-of-no-job', { client: stamp(9) }, { ledgerCompleteTo: new Date(given.moment(200)) }],
    ['claimed helper-unknown', { client: stamp(1, { helper: 'mine' }) }, {}],
    ['claimed helper-unknown', { client: stamp(1, { helper: '0.0.9' }) }, {}],
    ['claimed no-receipt-in-its-log', { client: stamp(1, { helper: '99.0.0' }) }, harvestedLog],
    ['claimed no-receipt-in-its-log', {}, { harvested: new Set(['aaaaaaaa-1-1']) }],
  ])('is %s otherwise', (expected, change, sources) => {
    expect(grade(row('c1', { client: stamp(1), ...change }), sources)).toBe(expected);
  });
});

describe('a row with neither', () => {
  it('is inferred if exactly one job is possible, and lists all if several are', () => {
    expect(grade(row('c1'))).toBe('inferred one-job-was-running');
    const jobs = [job(2, { startedAt: given.moment(99) }), job(1), job(3, { repository: 'acme/blog' })];
    const attributor = createAttributor({ policy: policy(), jobs, receipts: [], rotations: [] });
    expect(attributor.attribute(row('c1'))).toMatchObject({
      grade: 'ambiguous',
      job: null,
      candidates: ['acme/shop 10/1.1', 'acme/shop 10/2.1'],
    });
  });

  it.each([
    ['no-job-was-running', { at: given.at(9_000) }, {}],
    ['identity-not-in-policy', { identity: workload('nobody') }, {}],
    ['no-identity-in-row', { identity: { ...workload('x'), objectId: null, kind: 'none' as const } }, {}],
    ['no-identities-in-policy', {}, { policy: emptyPolicy }],
    ['address-not-of-identity', { address: '99.1.1.1' }, {}],
    ['no-jobs-on-record', {}, { jobs: [] }],
  ])('is unattributed, with the reason %s', (reason, change, sources) => {
    expect(grade(row('c1', change), sources)).toBe(`unattributed ${reason}`);
  });

  it('finds a long job among many short ones that started after it', () => {
    const short = Array.from({ length: 40 }, (_, index) =>
      job(100 + index, { startedAt: given.moment(index), completedAt: given.moment(index + 1) }),
    );
    expect(grade(row('c1'), { jobs: [...short, job(1)] })).toBe('inferred one-job-was-running');
  });
});

describe('a row that is not from a job', () => {
  it('is a person with a delegated token, whatever its client text says', () => {
    expect(grade(row('c1', { identity: given.person('ada@example.com') }))).toBe('person delegated-token');
    const forged = row('c1', { identity: given.person('ada@example.com'), client: stamp(1) });
    expect(grade(forged)).toBe('person stamp-by-person');
  });

  it('is a rotation if a journal explains it, and suspicious otherwise', () => {
    const ours = row('c1', { identity: workload('rotator') });
    expect(grade(ours, { rotations: [rotation()] })).toBe('rotation journal-entry');
    expect(grade(ours)).toBe('rotation-unexplained no-journal-entry');
    const other = [
      rotation({
        secret: 'x',
        operations: [{ operation: 'SecretGet', vault: 'kv', secret: 'x', version: null, at: given.moment(99) }],
      }),
    ];
    expect(grade(ours, { rotations: other })).toBe('rotation-unexplained no-journal-entry');
    expect(grade(row('c1', { identity: workload('rotator'), at: given.at(900) }), { rotations: [rotation()] })).toMatch(
      /^rotation-unexplained/,
    );
    expect(grade(row('c1', { identity: workload('rotator'), client: stamp(1) }))).toBe(
      'contradicted stamp-by-our-identity',
    );
  });

  it('is explained by a record that Keyturn made before its read, outside any rotation', () => {
    const ours = row('c1', { identity: workload('rotator') });
    const read = {
      vault: ours.vault,
      secret: ours.secret ?? '',
      version: ours.version ?? '',
      at: given.moment(99),
      purpose: 'issuer',
    } as const;
    expect(grade(ours, { ownReads: [read] })).toBe('rotation own-read-on-record');
    const others = [
      { ...read, version: 'f'.repeat(32) },
      { ...read, secret: 'another' },
      { ...read, at: given.moment(900) },
    ];
    for (const other of others)
      expect(grade(ours, { ownReads: [other] }), JSON.stringify(other)).toMatch(/^rotation-unexplained/);
    expect(grade(row('c1', { identity: workload('somebody') }), { ownReads: [read] })).not.toMatch(/^rotation/);
    // A check of the value in force has a reason, and so a line in the report, of its own.
    expect(grade(ours, { ownReads: [{ ...read, purpose: 'check' }] })).toBe('rotation check-on-record');
  });

  it('is suspicious if the reporter reads anything but its canary and its settings', () => {
    const theirs = row('c1', { identity: workload('reporter') });
    expect(grade(theirs)).toBe('rotation-unexplained reporter-read');
    const read = {
      vault: theirs.vault,
      secret: theirs.secret ?? '',
      version: theirs.version ?? '',
      at: given.moment(99),
    };
    expect(grade(theirs, { ownReads: [{ ...read, purpose: 'issuer' }] })).toBe('rotation-unexplained reporter-read');
    expect(grade(theirs, { ownReads: [{ ...read, purpose: 'setting' }] })).toBe('rotation own-read-on-record');
  });

  it("is the platform's by Microsoft's application ids, or by the policy", () => {
    const graph = { ...workload('x'), applicationId: '509e4652-da8d-478d-a730-e9d4a1996ca4' };
    expect(grade(row('c1', { identity: graph }))).toBe('platform platform-identity');
    expect(grade(row('c1', { identity: workload('azure') }))).toBe('platform platform-identity');
  });
});
