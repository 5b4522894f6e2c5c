import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordCheck } from '../../../src/audit/collection/own-read-ledger.ts';
import { writeSlice } from '../../../src/audit/collection/slice.ts';
import type { RecordStore } from '../../../src/records/record-store.ts';
import { memoryRecordStore } from '../../memory-record-store.ts';
import { policy } from '../attribution-fixtures.ts';
import { auditWithReads } from '../collected-events.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`own reads in an audit: KEYTURN_TEST_SEED=${String(seed)}`);

const midnight = Date.parse('2026-03-02T00:00:00Z');
const dayMs = 86_400_000;
const iso = (second: number) => new Date(midnight + second * 1000).toISOString();
const days = (from: number, to: number) => ({
  from: new Date(midnight + from * dayMs),
  to: new Date(midnight + to * dayMs),
});

/** A request for `database` by the rotator's identity, `second` seconds after midnight of 2 March. */
interface Asked {
  readonly name: string;
  readonly second: number;
  readonly secret?: string;
  readonly status?: number;
}

function row({ name, second, secret = 'database', status = 200 }: Asked) {
  return {
    TimeGenerated: iso(second).replace('Z', '0000Z'),
    OperationName: 'SecretGet',
    HttpStatusCode: status,
    ResultSignature: { 200: 'OK', 403: 'Forbidden', 404: 'Not Found', 429: 'Too Many Requests' }[status],
    Id: `https://kv.vault.azure.net/secrets/${secret}/v1`,
    RequestUri: `https://kv.vault.azure.net/secrets/${secret}/v1?api-version=7.6`,
    Identity: { claim: { oid: 'rotator', appid: 'app' } },
    CallerIpAddress: '20.1.1.1',
    ClientInfo: 'azsdk',
    CorrelationId: name,
    _ResourceId: '/subscriptions/s/resourcegroups/r/providers/microsoft.keyvault/vaults/kv',
  };
}

/** Keyturn announced a read at each of `announced`; the log of 1 to 3 March has the rows. */
async function onRecord(announced: readonly number[], asked: readonly Asked[]): Promise<RecordStore> {
  const records = memoryRecordStore();
  for (const second of announced)
    await recordCheck(records, { vault: 'kv', secret: 'database', version: 'v1', at: iso(second) });
  for (const day of [-1, 0, 1]) {
    const { from, to } = days(day, day + 1);
    const rows = asked
      .filter(({ second }) => second * 1000 >= day * dayMs && second * 1000 < (day + 1) * dayMs)
      .map(row);
    const bounds = { from: from.toISOString(), to: to.toISOString(), collectedAt: to.toISOString() };
    const counts = { controlTotal: rows.length, count: rows.length, added: rows.length };
    await writeSlice(
      records,
      { format: 1, ...bounds, query: { name: 'q', sha256: 'q' }, ...counts, answers: [] },
      rows,
    );
  }
  return records;
}

/** The request ids of the reads that nothing explains. */
async function unexplained(...world: Parameters<typeof audited>): Promise<readonly string[]> {
  return (await audited(...world)).reads;
}

/** The request ids of the reads that nothing explains, and how many requests the findings tell of. */
async function audited(records: RecordStore, period = days(-1, 2), daysAShare = 400) {
  const rest = { policy: policy(), vaults: ['kv'], inventory: [], rotations: [], now: days(2, 3).to };
  const { attributions, findings } = await auditWithReads({
    records,
    period,
    daysAShare,
    division: { threads: 0 },
    ...rest,
  });
  const told = findings.filter(({ rule }) => rule === 'rotation-unexplained');
  return {
    reads: attributions
      .filter(({ grade }) => grade === 'rotation-unexplained')
      .map(({ retrieval }) => retrieval.correlationId ?? ''),
    told: told.reduce((sum, { count }) => sum + count, 0),
  };
}

describe("what is on record of Keyturn's own reads", () => {
  it.each([403, 404, 429])('explains no other read once the read was answered with %i', async (status) => {
    const rows = [
      { name: 'refused', second: 101, status },
      { name: 'stranger', second: 130 },
    ];
    expect(await unexplained(await onRecord([100], rows))).toEqual(['stranger']);
  });

  it('explains the read that was made again after a refusal', async () => {
    const rows = [
      { name: 'refused', second: 101, status: 429 },
      { name: 'again', second: 103 },
    ];
    expect(await unexplained(await onRecord([100, 102], rows))).toEqual([]);
  });

  it('explains a read on one side of midnight, and none on the other', async () => {
    const records = await onRecord(
      [-10],
      [
        { name: 'own', second: -9 },
        { name: 'stranger', second: 9 },
      ],
    );
    for (const daysAShare of [1, 2, 400])
      expect(await unexplained(records, days(-1, 2), daysAShare)).toEqual(['stranger']);
    expect(await unexplained(records, days(-1, 0))).toEqual([]);
    expect(await unexplained(records, days(0, 2))).toEqual(['stranger']);
  });

  it('explains a read on one side of midnight, and none on the other, when it was refused', async () => {
    const records = await onRecord(
      [-10],
      [
        { name: 'own', second: -9, status: 403 },
        { name: 'stranger', second: 9 },
      ],
    );
    expect(await unexplained(records, days(0, 2))).toEqual(['stranger']);
  });

  it('is told as one request too many when a stranger reads right before the read is refused', async () => {
    const rows = [
      { name: 'stranger', second: 101 },
      { name: 'refused', second: 102, status: 403 },
    ];
    expect(await audited(await onRecord([100], rows))).toEqual({ reads: [], told: 1 });
  });

  it('is needed for a value that waits to be published too: a further read with the same identity is an exception', async () => {
    const secret = 'rot-pending--database';
    const [own, stranger] = [
      { name: 'own', second: 101, secret },
      { name: 'stranger', second: 130, secret },
    ];
    const told = async (rows: readonly Asked[]) => {
      const records = await onRecord([], rows);
      await recordCheck(records, { vault: 'kv', secret, version: 'v1', at: iso(100) });
      const rest = { policy: policy(), vaults: ['kv'], inventory: [], rotations: [], now: days(2, 3).to };
      const { findings } = await auditWithReads({ records, period: days(-1, 2), division: { threads: 0 }, ...rest });
      return findings.filter(({ rule }) => rule === 'staging-read').map(({ count, severity }) => ({ count, severity }));
    };
    expect(await told([own])).toEqual([]);
    expect(await told([own, stranger])).toEqual([{ count: 1, severity: 'high' }]);
  });

  it('explains the same reads in two periods as in both together, and leaves each further one unexplained', async () => {
    const reads = fc.array(
      fc.record({
        second: fc.integer({ min: -150, max: 150 }),
        status: fc.constantFrom(200, 403),
        later: fc.integer({ min: -20, max: 20 }),
      }),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(reads, fc.integer({ min: -200, max: 200 }), async (made, forged) => {
        const rows = made.map(({ second, status, later }, at) => ({
          name: `own-${String(at)}`,
          second: second + later,
          status,
        }));
        const announced = made.map(({ second }) => second);
        const records = await onRecord(announced, [...rows, { name: 'forged', second: forged }]);
        const whole = await audited(records);
        // A read at the moment of a refusal may be explained by the announcement of that.
        expect(whole.told).toBe(1);
        const [before, after] = [await audited(records, days(-1, 0)), await audited(records, days(0, 2))];
        expect([...before.reads, ...after.reads]).toEqual(whole.reads);
        expect(before.told + after.told).toBe(1);
      }),
      { seed, numRuns: 12 },
    );
  });
});
