import { nothingBrokered } from '../nothing-brokered.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAttributor } from '../../../src/audit/attribution/attribute-retrievals.ts';
import { findExceptions } from '../../../src/audit/findings/find-exceptions.ts';
import { collectKnownSecrets } from '../../../src/audit/period/collect-known-secrets.ts';
import { createReadsOnRecord } from '../../../src/audit/period/reads-on-record.ts';
import type { InventorySnapshot } from '../../../src/audit/model/audited-period.ts';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';
import type { RotationHistory } from '../../../src/rotation/history/rotation-history.ts';
import * as given from '../attribution-fixtures.ts';
import { bound, emptyEnd, inventoried } from '../finding-fixtures.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`monotony: KEYTURN_TEST_SEED=${String(seed)}`);

const hourMs = 3_600_000;
const start = Date.parse('2026-03-02T00:00:00Z');
const timeOf = (hour: number): string => new Date(start + hour * hourMs).toISOString();
const days = 40;
const hours = fc.integer({ min: 0, max: days * 24 - 1 });

const rows: fc.Arbitrary<Retrieval> = fc
  .record({
    hour: hours,
    who: fc.constantFrom('shared', 'nobody', 'rotator', 'ada'),
    kind: fc.constantFrom('read' as const, 'read' as const, 'denied' as const, 'write' as const),
    secret: fc.constantFrom('database', 'other', 'unused'),
    version: fc.constantFrom('v0', 'v1'),
    client: fc.option(fc.integer({ min: 1, max: 3 })),
    number: fc.nat(1_000_000),
  })
  .map(({ hour, who, number, client, kind, ...rest }) =>
    given.row(`c${String(hour)}-${String(number)}`, {
      ...rest,
      kind,
      operation: kind === 'write' ? 'SecretSet' : 'SecretGet',
      at: timeOf(hour).replace('Z', '0000Z'),
      identity: who === 'ada' ? given.person('ada@example.com') : given.workload(who),
      client: client === null ? null : given.stamp(client),
    }),
  );

/** One inventory a day: the secret may have no expiry, be overdue, disabled, tagged wrongly or replaced on any of them. */
const inventories: fc.Arbitrary<readonly InventorySnapshot[]> = fc
  .array(
    fc.record({
      expires: fc.constantFrom(null, timeOf(30), timeOf(100), timeOf(9_000)),
      enabled: fc.boolean(),
      tags: fc.constantFrom({}, { rotation: 'offf' }, { ValidityPeriodDays: '900' }),
      isReplaced: fc.boolean(),
    }),
    { minLength: days, maxLength: days },
  )
  .map((each) => {
    let version = 1;
    let created = '2026-02-01T00:00:00.000Z';
    return each.map(({ isReplaced, ...change }, day) => {
      if (isReplaced) {
        version += 1;
        created = timeOf(day * 24 + 5);
      }
      const taken = inventoried({ ...change, version: `v${String(version)}`, created }, timeOf(day * 24 + 23));
      const [listed] = taken.entries;
      if (listed === undefined) return taken;
      const unused = { ...listed, secret: 'unused', enabled: true };
      return { ...taken, entries: [listed, unused, ...(day < 5 ? [] : [{ ...listed, secret: 'other' }])] };
    });
  });

const rotations: fc.Arbitrary<RotationHistory> = fc
  .record({ stopped: hours, lasted: fc.integer({ min: 1, max: 90 }), approved: hours, breakGlass: fc.boolean() })
  .map(({ stopped, lasted, approved, breakGlass }) =>
    given.rotation({
      publishedAt: timeOf(stopped + lasted),
      stops: [
        {
          rotationId: 'abc.1',
          state: 'needs-attention',
          at: timeOf(stopped),
          failure: null,
          ended: { at: timeOf(stopped + lasted), state: 'done' },
        },
      ],
      approvals: [
        {
          step: 'publish',
          by: { kind: 'machine', subject: { issuer: 'i', id: 'm' }, name: 'm' },
          at: timeOf(approved),
          breakGlass,
          reason: null,
        },
      ],
    }),
  );

interface World {
  readonly rows: readonly Retrieval[];
  readonly inventories: readonly InventorySnapshot[];
  readonly rotation: RotationHistory;
}

/** Ids of the findings of the first hours of the world. */
function idsOf({ rows: all, inventories: taken, rotation }: World, until: number): ReadonlyMap<string, string> {
  const end = timeOf(until);
  const policy = bound({ repositories: ['acme/blog'] });
  const attributor = createAttributor({ policy, jobs: [given.job(1)], receipts: [], rotations: [rotation] });
  const snapshots = taken.filter(({ at }) => at < end);
  const secrets = collectKnownSecrets();
  for (const snapshot of snapshots) secrets.see(snapshot);
  const exceptions = findExceptions({
    period: { from: new Date(start), to: new Date(end) },
    policyAt: () => policy,
    secrets,
    rotations: [rotation],
    brokered: nothingBrokered,
    accessRequests: [],
    attribution: attributor.context,
    refusedReceipts: [],
    earlierReads: createReadsOnRecord(),
    bothLogs: null,
  });
  for (const snapshot of snapshots) exceptions.seeInventory(snapshot);
  for (const row of all.filter(({ at }) => at < end)) {
    exceptions.see(row, row.kind === 'read' ? attributor.attribute(row) : null);
  }
  const asOf = Date.parse(end);
  const found = exceptions.findings({
    ...emptyEnd({ from: new Date(start), to: new Date(asOf) }),
    rowsSince: start,
  });
  return new Map(found.map(({ id, rule, subject }) => [id, `${rule} ${subject}`]));
}

describe('the findings of a period', () => {
  it('are among those of every longer period with the same start, by id, whatever was repaired', () => {
    const worlds = fc.record({
      rows: fc
        .array(rows, { maxLength: 30 })
        .map((all) => [...new Map(all.map((one) => [one.id, one])).values()].sort((a, b) => (a.at < b.at ? -1 : 1))),
      inventories,
      rotation: rotations,
    });
    fc.assert(
      fc.property(worlds, hours, hours, (world, one, other) => {
        const longer = idsOf(world, Math.max(one, other) + 1);
        const lost = [...idsOf(world, Math.min(one, other) + 1)].filter(([id]) => !longer.has(id));
        expect(lost).toEqual([]);
      }),
      { seed, numRuns: 300 },
    );
  });
});
