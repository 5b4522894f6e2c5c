import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PeriodToAudit } from '../../../src/audit/audit-period.ts';
import { auditPeriod } from '../../../src/audit/audit-period.ts';
import { createAttributor } from '../../../src/audit/attribution/attribute-retrievals.ts';
import { jobsOf, recordJob } from '../../../src/audit/collection/job-ledger.ts';
import { receiptsOf, recordLogReading, recordPostedReceipt } from '../../../src/audit/collection/receipt-ledger.ts';
import { saveRetrievalCollection } from '../../../src/audit/collection/retrieval-collection.ts';
import { writeSlice } from '../../../src/audit/collection/slice.ts';
import type { Job } from '../../../src/audit/model/job.ts';
import type { Receipt } from '../../../src/provenance/receipt.ts';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import * as given from '../attribution-fixtures.ts';
import { collectEvents } from '../collected-events.ts';
import { bound } from '../finding-fixtures.ts';
import { listReceipts } from '../listed-receipts.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`any division: KEYTURN_TEST_SEED=${String(seed)}`);

const period = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-03-05T00:00:00Z') };

/** Few moments of three days, on both sides of midnight and of an hour. */
const seconds = fc.constantFrom(-86_000, -3_601, 0, 100, 115, 3_600, 57_590, 57_599, 57_601, 90_000, 150_000);
const jobIds = fc.integer({ min: 1, max: 6 });
const requestIds = fc.integer({ min: 1, max: 8 }).map((number) => `c${String(number)}`);

const jobs: fc.Arbitrary<Job> = fc
  .record({
    id: jobIds,
    start: seconds,
    length: fc.constantFrom(30, 600, 40_000),
    hasStarted: fc.boolean(),
    waited: fc.constantFrom(5, 300_000),
  })
  .map(({ id, start, length, hasStarted, waited }) =>
    given.job(id, {
      // One that waited past the end of a month is on record in both.
      createdAt: given.moment(start - waited),
      startedAt: hasStarted ? given.moment(start) : null,
      completedAt: hasStarted ? given.moment(start + length) : null,
      status: hasStarted ? 'completed' : 'waiting',
    }),
  );

interface KeptReceipt {
  readonly receipt: Receipt;
  /** The job whose log holds it; `null` if it was posted. */
  readonly log: number | null;
}

const receipts: fc.Arbitrary<KeptReceipt> = fc
  .record({ id: jobIds, request: requestIds, at: seconds, log: fc.option(jobIds), served: fc.boolean() })
  .map(({ id, request, at, log, served }) => {
    const requests = [{ id: request, status: served ? 200 : 403, at: given.moment(at) }];
    return { log, receipt: given.receipt(id, request, { requests, version: served ? 'v1' : null }) };
  });

const rows = fc
  .record({ request: requestIds, at: seconds, stamped: fc.option(jobIds), oid: fc.constantFrom('shared', 'nobody') })
  .map(({ request, at, stamped, oid }) => ({
    TimeGenerated: given.at(at),
    OperationName: 'SecretGet',
    HttpStatusCode: request === 'c8' ? 403 : 200,
    ResultSignature: request === 'c8' ? 'Forbidden' : 'OK',
    Id: 'https://kv.vault.azure.net/secrets/database/v1',
    RequestUri: 'https://kv.vault.azure.net/secrets/database/?api-version=7.6',
    Identity: { claim: { oid, appid: 'app' } },
    CallerIpAddress: '20.1.1.1',
    ClientInfo: stamped === null ? 'azsdk' : given.stamp(stamped),
    CorrelationId: request,
    _ResourceId: '/subscriptions/s/resourcegroups/r/providers/microsoft.keyvault/vaults/kv',
  }));

interface World {
  readonly jobs: readonly Job[];
  readonly receipts: readonly KeptReceipt[];
  readonly rows: readonly { readonly TimeGenerated: string }[];
}

const worlds: fc.Arbitrary<World> = fc.record({
  jobs: fc.array(jobs, { maxLength: 8 }),
  receipts: fc.array(receipts, { maxLength: 12 }),
  rows: fc.array(rows, { maxLength: 30 }),
});

async function record(world: World): Promise<RecordStore> {
  const records = memoryRecordStore();
  for (const job of world.jobs) await recordJob(records, job);
  for (const { receipt, log } of world.receipts) {
    if (log === null) await recordPostedReceipt(records, receipt, { postedAt: new Date(given.moment(200_000)) });
    else {
      const reading = { at: new Date(given.moment(300)), logSha256: null, state: 'settled' as const };
      await recordLogReading(records, given.job(log), { ...reading, receipts: [receipt] });
    }
  }
  for (let day = period.from.getTime(); day < period.to.getTime(); day += 86_400_000) {
    const [from, to] = [new Date(day).toISOString(), new Date(day + 86_400_000).toISOString()];
    const held = world.rows.filter(({ TimeGenerated: at }) => at >= from && at < to);
    const counts = { controlTotal: held.length, count: held.length, added: held.length };
    const header = { format: 1 as const, from, to, query: { name: 'q', sha256: 'q' }, ...counts, answers: [] };
    await writeSlice(records, { ...header, collectedAt: to }, held);
  }
  const ends = {
    since: period.from.toISOString(),
    readTo: period.to.toISOString(),
    watermark: period.to.toISOString(),
  };
  await saveRetrievalCollection(records, { format: 1, ...ends, held: {}, unread: [], queries: {} }, null);
  return records;
}

async function all<One>(some: AsyncIterable<One>): Promise<readonly One[]> {
  const found: One[] = [];
  for await (const one of some) found.push(one);
  return found;
}

/** Everything that an audit shows, and what it came to. */
async function audit(records: RecordStore, change: Partial<PeriodToAudit>) {
  const { observation, ...shown } = collectEvents();
  const policy = bound({ repositories: ['acme/blog'] });
  const rest = { policy, vaults: ['kv'], inventory: [], rotations: [], period, now: period.to };
  const { policyAt: _policyAt, ...audited } = await auditPeriod({ records, ...rest, ...change }, observation);
  return { ...shown, audited };
}

describe('an audit of a period', () => {
  it('comes to the same, event by event, however its rows, jobs and receipts are divided', async () => {
    const division = fc.record({
      blockBytes: fc.constantFrom(300, 5_000),
      slotMs: fc.constantFrom(60_000, 3_600_000, 86_400_000),
      entriesAWindow: fc.constantFrom(1, 3, 1_000),
    });
    const shareSizes = fc.record({
      daysAShare: fc.integer({ min: 1, max: 4 }),
      sharesTogether: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(worlds, division, shareSizes, async (world, cut, sizes) => {
        const records = await record(world);
        const small = await audit(records, { ...sizes, division: { ...cut, windowsHeld: 1, threads: 0 } });
        expect(small).toEqual(await audit(records, { daysAShare: 400, division: { threads: 0 } }));
      }),
      { seed, numRuns: 60 },
    );
  });

  it('ties each row, and judges each receipt, as one that holds the whole ledger in memory', async () => {
    await fc.assert(
      fc.asyncProperty(worlds, async (world) => {
        const records = await record(world);
        const shown = await audit(records, { division: { entriesAWindow: 2, threads: 0 } });
        const policy = bound({ repositories: ['acme/blog'] });
        const harvested = new Set<string>();
        const kept = await all(receiptsOf(records, period, (key) => harvested.add(key)));
        const ledger = await all(jobsOf(records, period));
        const whole = createAttributor({ policy, jobs: ledger, receipts: kept, rotations: [], harvested });
        for (const { retrieval, attribution } of shown.events) {
          if (retrieval.kind === 'read' && retrieval.correlationId !== null)
            whole.context.receipts.match(retrieval.correlationId);
          if (attribution !== null) expect(attribution).toEqual(whole.attribute(retrieval));
        }
        const listed = listReceipts(whole.context, period, period.to.getTime());
        const facts = (one: { reference: string; matched: boolean | null }, isContested: boolean) =>
          `${one.reference} ${String(one.matched)} ${String(isContested)}`;
        expect(shown.receipts.map((one) => facts(one, one.contested)).sort()).toEqual(
          listed.map((one) => facts(one, one.isContested)).sort(),
        );
        // Of two records of one attempt the one that the join uses counts.
        const started = ledger.filter((job) => {
          const { startedAt, createdAt } = whole.context.jobs.find(job) ?? job;
          const at = Date.parse(startedAt ?? createdAt);
          return at >= period.from.getTime() && at < period.to.getTime();
        });
        expect(new Set(shown.jobs.map(({ jobId }) => jobId))).toEqual(new Set(started.map(({ jobId }) => jobId)));
        expect(shown.jobs).toHaveLength(new Set(shown.jobs.map(({ jobId }) => jobId)).size);
      }),
      { seed, numRuns: 60 },
    );
  });
});
