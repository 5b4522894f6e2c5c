import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AttributionSources, createAttributor } from '../../../src/audit/attribution/attribute-retrievals.ts';
import { wasRunning } from '../../../src/audit/attribution/job-index.ts';
import { type Attribution, type Grade, gradeGroups } from '../../../src/audit/model/attribution.ts';
import type { Job } from '../../../src/audit/model/job.ts';
import { jobKey } from '../../../src/audit/model/job-name.ts';
import type { CallerIdentity, Retrieval } from '../../../src/audit/model/retrieval.ts';
import type { LedgerReceipt } from '../../../src/audit/collection/receipt-ledger.ts';
import { receiptDigest } from '../../../src/provenance/parse-receipt.ts';
import * as given from '../attribution-fixtures.ts';
import { bound, found } from '../finding-fixtures.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`claim laws: KEYTURN_TEST_SEED=${String(seed)}`);
const run = { seed, numRuns: 400 };

/** Groups from worst to best, and strengths within a tie: what a reader of the report takes a row for. */
const worth: Readonly<Record<Grade, number>> = {
  contradicted: 0,
  'rotation-unexplained': 0,
  'broker-unexplained': 0,
  unattributed: 1,
  ambiguous: 1,
  claimed: 1,
  person: 2,
  inferred: 3,
  corroborated: 4,
  authenticated: 5,
  rotation: 5,
  platform: 5,
};

const identities: fc.Arbitrary<CallerIdentity> = fc.oneof(
  fc.constantFrom('shared', 'dedicated', 'elsewhere', 'unplaced', 'nobody').map((id) => given.workload(id)),
  fc.constantFrom('rotator', 'reporter', 'azure').map((id) => given.workload(id)),
  fc.constant(given.person('ada@example.com')),
  fc.constant({ ...given.workload('x'), objectId: null, kind: 'none' as const }),
);

const seconds = fc.integer({ min: -50, max: 900 });
const jobs: fc.Arbitrary<Job> = fc
  .record({
    id: fc.integer({ min: 1, max: 4 }),
    start: seconds,
    length: fc.integer({ min: 1, max: 600 }),
    repository: fc.constantFrom('acme/shop', 'acme/blog', 'acme/api'),
    known: fc.constantFrom('api' as const, 'hook' as const),
    branch: fc.constantFrom('main', 'topic'),
  })
  .map(({ id, start, length, ...rest }) =>
    given.job(id, { startedAt: given.moment(start), completedAt: given.moment(start + length), ...rest }),
  );

/**
 * Every client text that the forgers of docs/auditing.md can send: another job's numbers, numbers of no job, a foreign
 * task, run or repository, another helper, text that only resembles a stamp.
 */
const clients: fc.Arbitrary<string> = fc.oneof(
  fc
    .record({
      job: fc.integer({ min: 1, max: 6 }),
      change: fc.constantFrom({}, { runId: 11 }, { repositoryId: 7 }, { taskId: 3 }, { nonce: 'ffffffff' }),
      helper: fc.constantFrom('0.1.0', '0.0.1', '99.1.0', 'mine', '1.2.3-rc.1'),
    })
    .map(({ job, change, helper }) => given.stamp(job, { ...change, helper })),
  fc.constantFrom('curl/8.0', '', 'keyturn/0.1.0', ' keyturn/0.1.0 gj/1;i=aaaaaaaa;r=1;u=10;a=1;j=1;t=10;n=0a1b2c3d'),
);

const receipts: fc.Arbitrary<LedgerReceipt> = fc
  .record({
    job: fc.integer({ min: 1, max: 6 }),
    second: seconds,
    sequence: fc.integer({ min: 1, max: 3 }),
    channel: fc.constantFrom('posted', 'logged', 'copied'),
    log: fc.integer({ min: 1, max: 4 }),
    change: fc.constantFrom({}, { secret: 'other' }, { version: 'v9' }, { address: '9.9.9.9' }, { nonce: 'ffffffff' }),
  })
  .map(({ job, second, sequence, channel, log, change }) => {
    const requests = [{ id: 'c1', status: 200, at: given.moment(second) }];
    const receipt = given.receipt(job, 'c1', { sequence, requests, ...change });
    const held = channel === 'posted' ? given.posted(receipt) : given.logged(receipt, channel === 'copied' ? log : job);
    return { ...held, reference: `${held.reference}/${receiptDigest(receipt).slice(0, 12)}` };
  });

const worlds = fc.record({
  who: identities,
  second: seconds,
  address: fc.constantFrom('20.1.1.1', '99.9.9.9', null),
  jobs: fc.array(jobs, { maxLength: 5 }),
  receipts: fc.array(receipts, { maxLength: 4 }),
  harvested: fc.subarray(['aaaaaaaa-1-1', 'aaaaaaaa-2-1', 'aaaaaaaa-3-1']),
  complete: fc.boolean(),
});
type World = typeof worlds extends fc.Arbitrary<infer One> ? One : never;

function sourcesOf(world: World): AttributionSources {
  return {
    policy: bound({ repositories: ['acme/shop'], branches: ['main'] }),
    jobs: world.jobs,
    receipts: world.receipts,
    rotations: [given.rotation()],
    harvested: new Set(world.harvested),
    ledgerCompleteTo: world.complete ? new Date(given.moment(5_000)) : null,
  };
}

function rowOf({ who, second, address }: World, client: string | null): Retrieval {
  return given.row('c1', { at: given.at(second), identity: who, address, client });
}

function grade(world: World, client: string | null): Attribution {
  return createAttributor(sourcesOf(world)).attribute(rowOf(world, client));
}

/** What Gitea and the policy, and nobody who reads, say for the job that a row is tied to. */
function isConfirmed(world: World, { job, retrieval }: Attribution): boolean {
  const identity = sourcesOf(world).policy.identities.get(retrieval.identity.objectId ?? '');
  if (job === null || identity === undefined || !world.jobs.some((one) => jobKey(one) === jobKey(job))) return false;
  return identity.repositories.includes(job.repository) && wasRunning(job, Date.parse(retrieval.at), 3_000) !== 'no';
}

/** Rule, subject and event of every finding. */
function named(world: World, client: string | null): Set<string> {
  const findings = found({ ...sourcesOf(world), rows: [rowOf(world, client)], history: [given.rotation()] });
  return new Set(findings.flatMap(({ rule, subject, evidence }) => evidence.map((one) => `${rule} ${subject} ${one}`)));
}

describe('what a reader supplies', () => {
  it('never makes a grade better by its client text, unless Gitea and the policy confirm it', () => {
    fc.assert(
      fc.property(worlds, clients, (world, client) => {
        const without = grade(world, null);
        const with_ = grade(world, client);
        if (worth[with_.grade] <= worth[without.grade]) return;
        expect(with_.reason).not.toBe('helper-unknown');
        expect(isConfirmed(world, with_)).toBe(true);
        // Whole logs that hold no receipt of the job do not confirm a stamp.
        if (with_.reason === 'stamp-confirmed' && with_.job !== null) {
          expect(world.harvested).not.toContain(jobKey(with_.job));
        }
      }),
      run,
    );
  });

  it('never makes a grade better by a receipt, unless Gitea and the policy confirm it', () => {
    fc.assert(
      fc.property(worlds, fc.option(clients), (world, client) => {
        const without = grade({ ...world, receipts: [] }, client);
        const with_ = grade(world, client);
        if (worth[with_.grade] <= worth[without.grade]) return;
        // Gitea confirmed the token that a receipt was posted with, so its job existed.
        const isPosted = world.receipts.some(({ channel }) => channel === 'posted');
        expect(isConfirmed(world, with_) || (with_.grade === 'claimed' && isPosted)).toBe(true);
      }),
      run,
    );
  });

  it('never makes a grade better by its client text and receipts together, unless Gitea and the policy confirm it', () => {
    fc.assert(
      fc.property(worlds, clients, (world, client) => {
        const without = grade({ ...world, receipts: [] }, null);
        const with_ = grade(world, client);
        if (worth[with_.grade] <= worth[without.grade]) return;
        expect(isConfirmed(world, with_)).toBe(true);
      }),
      run,
    );
  });

  it('never removes a finding by its client text', () => {
    fc.assert(
      fc.property(worlds, clients, (world, client) => {
        const after = named(world, client);
        expect([...named(world, null)].filter((one) => !after.has(one))).toEqual([]);
      }),
      run,
    );
  });

  it('never decides whether a person read, or whether the policy knows the identity', () => {
    fc.assert(
      fc.property(worlds, fc.option(clients), (world, client) => {
        expect(grade(world, client).grade === 'person').toBe(world.who.kind === 'person');
        const findings = [...named(world, client)];
        if (world.who.objectId === 'nobody')
          expect(findings.some((one) => one.startsWith('unknown-identity-read nobody'))).toBe(true);
      }),
      run,
    );
  });
});

describe('a read by a stranger', () => {
  const stranger = (client: string) => [
    given.row('c1', { identity: given.workload('stranger'), address: '198.51.100.66', client }),
  ];

  it('is the same finding with and without the stamp of a real job, and tied to no job', () => {
    const strangers = [stranger('curl/8.0'), stranger(given.stamp(1))].map((rows) =>
      found({ rows }).filter(({ rule }) => rule === 'unknown-identity-read'),
    );
    expect(strangers[0]).toMatchObject([{ severity: 'high', count: 1, subject: 'stranger' }]);
    expect(strangers[1]).toEqual(strangers[0]);
    const attributor = createAttributor({ policy: given.policy(), jobs: [given.job(1)], receipts: [], rotations: [] });
    const grades: readonly Grade[] = gradeGroups['tied to a job'];
    for (const row of stranger(given.stamp(1))) expect(grades).not.toContain(attributor.attribute(row).grade);
  });
});

describe('a job whose whole log holds no receipt', () => {
  it('makes its stamp a claim with a finding, and no contradiction, because its helper may have been killed', () => {
    const rows = [given.row('c1', { client: given.stamp(1) })];
    const findings = found({ rows, harvested: new Set(['aaaaaaaa-1-1']) });
    expect(findings).toMatchObject([
      {
        rule: 'claimed-read',
        subject: 'shared',
        description: expect.stringContaining('contains no receipt') as string,
      },
    ]);
  });
});
