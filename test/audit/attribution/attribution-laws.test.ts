import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAttributor } from '../../../src/audit/attribution/attribute-retrievals.ts';
import { type Attribution, type Grade, grades } from '../../../src/audit/model/attribution.ts';
import type { Job } from '../../../src/audit/model/job.ts';
import type { LedgerReceipt } from '../../../src/audit/collection/receipt-ledger.ts';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';
import { receiptDigest } from '../../../src/provenance/parse-receipt.ts';
import * as given from '../attribution-fixtures.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`attribution laws: KEYTURN_TEST_SEED=${String(seed)}`);
const run = { seed, numRuns: 300 };

const jobIds = fc.integer({ min: 1, max: 5 });
const correlationIds = fc.constantFrom('c1', 'c2', 'c3', 'c4', 'c5', 'c6');
const seconds = fc.integer({ min: -50, max: 900 });

const jobs: fc.Arbitrary<Job> = fc
  .record({ id: jobIds, start: seconds, length: fc.integer({ min: 1, max: 600 }), shop: fc.boolean() })
  .map(({ id, start, length, shop }) =>
    given.job(id, {
      repository: shop ? 'acme/shop' : 'acme/blog',
      startedAt: given.moment(start),
      completedAt: given.moment(start + length),
    }),
  );

const rows: fc.Arbitrary<Retrieval> = fc
  .record({
    id: correlationIds,
    second: seconds,
    who: fc.constantFrom('shared', 'dedicated', 'elsewhere', 'unplaced', 'rotator', 'reporter', 'nobody'),
    stamped: fc.option(jobIds),
    address: fc.constantFrom('20.1.1.1', '20.1.1.2', '99.9.9.9', null),
  })
  .map(({ id, second, who, stamped, address }) =>
    given.row(id, {
      at: given.at(second),
      identity: given.workload(who),
      client: stamped === null ? null : given.stamp(stamped),
      address,
    }),
  );

const receipts: fc.Arbitrary<LedgerReceipt> = fc
  .record({
    job: jobIds,
    id: correlationIds,
    second: seconds,
    sequence: fc.integer({ min: 1, max: 9 }),
    channel: fc.constantFrom('posted', 'logged', 'copied'),
    log: jobIds,
  })
  .map(({ job, id, second, sequence, channel, log }) => {
    const receipt = given.receipt(job, id, { sequence, requests: [{ id, status: 200, at: given.moment(second) }] });
    const held = channel === 'posted' ? given.posted(receipt) : given.logged(receipt, channel === 'copied' ? log : job);
    // The ledger's references end in a digest, so two receipts that differ never share one.
    return { ...held, reference: `${held.reference}/${receiptDigest(receipt).slice(0, 12)}` };
  });

const worlds = fc.record({
  rows: fc.array(rows, { maxLength: 8 }),
  jobs: fc.array(jobs, { maxLength: 6 }),
  receipts: fc.array(receipts, { maxLength: 8 }),
});

type World = {
  readonly rows: readonly Retrieval[];
  readonly jobs: readonly Job[];
  readonly receipts: readonly LedgerReceipt[];
};

function attributed({ rows: retrievals, jobs: known, receipts: held }: World): Attribution[] {
  const sources = { policy: given.policy(), jobs: known, receipts: held, rotations: [given.rotation()] };
  const attributor = createAttributor(sources);
  return retrievals.map((retrieval) => attributor.attribute(retrieval));
}

/** Orders the grades from worst to best. */
const worth: Readonly<Partial<Record<Grade, number>>> = {
  contradicted: 0,
  unattributed: 1,
  ambiguous: 1,
  claimed: 1,
  inferred: 4,
  corroborated: 5,
  authenticated: 6,
};

describe('attribution', () => {
  it('assigns every row exactly one grade, and a job only to tied rows', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const found = attributed(world);
        expect(found.map(({ retrieval }) => retrieval)).toEqual(world.rows);
        for (const { grade, job, candidates } of found) {
          expect(grades).toContain(grade);
          if (job !== null) expect(['authenticated', 'corroborated', 'inferred', 'claimed']).toContain(grade);
          if (grade === 'ambiguous') expect(candidates.length).toBeGreaterThan(1);
        }
      }),
      run,
    );
  });

  it('does not depend on the order or on duplicates of jobs, receipts and rows', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const doubled = {
          rows: world.rows,
          jobs: [...world.jobs, ...world.jobs].reverse(),
          receipts: [...world.receipts, ...world.receipts].reverse(),
        };
        expect(attributed(doubled)).toEqual(attributed(world));
        // A journal's entry explains one row of Keyturn's own: the first in time, so those are to come in order.
        const others = world.rows.filter(({ identity }) => identity.objectId !== 'rotator');
        const reversed = attributed({ ...world, rows: [...others].reverse() });
        expect(reversed.reverse()).toEqual(attributed({ ...world, rows: others }));
      }),
      run,
    );
  });

  it('never changes a row because of a receipt about another', () => {
    fc.assert(
      fc.property(worlds, receipts, (world, added) => {
        const named = new Set(added.receipt.requests.map(({ id }) => id));
        const others = { ...world, rows: world.rows.filter(({ correlationId }) => !named.has(correlationId ?? '')) };
        expect(attributed({ ...others, receipts: [...others.receipts, added] })).toEqual(attributed(others));
      }),
      run,
    );
  });

  it("never lowers a row because of a copy of its receipt in another job's log", () => {
    fc.assert(
      fc.property(worlds, jobIds, (world, copier) => {
        const copies = world.receipts.map(({ receipt }) => given.logged(receipt, copier));
        const foreign = copies.filter(({ receipt }) => receipt.job.jobId !== copier);
        expect(attributed({ ...world, receipts: [...world.receipts, ...foreign] })).toEqual(attributed(world));
      }),
      run,
    );
  });

  it('never lowers a stamped row whose own job has its receipt, whatever other jobs post', () => {
    fc.assert(
      fc.property(worlds, receipts, (world, added) => {
        const before = attributed(world);
        const after = attributed({ ...world, receipts: [...world.receipts, added] });
        for (const [index, { retrieval, grade, job }] of before.entries()) {
          if (retrieval.client === null || job === null || job.jobId === added.receipt.job.jobId) continue;
          if (
            !['authenticated', 'corroborated'].includes(grade) ||
            !before[index]?.evidence.some((one) => /^(posted|logged)/.test(one))
          )
            continue;
          expect(worth[after[index]?.grade ?? 'contradicted']).toBeGreaterThanOrEqual(worth[grade] ?? 0);
        }
      }),
      run,
    );
  });
});
