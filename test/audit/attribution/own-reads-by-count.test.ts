import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAttributor } from '../../../src/audit/attribution/attribute-retrievals.ts';
import type { OwnRead } from '../../../src/audit/model/own-read.ts';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';
import { policy, rotation, row, workload } from '../attribution-fixtures.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`own reads by count: KEYTURN_TEST_SEED=${String(seed)}`);

const start = Date.parse('2026-03-02T08:00:00Z');
const iso = (second: number) => new Date(start + second * 1000).toISOString();

/** A read that Keyturn made: where it is on record, when, and how much later the vault says that it answered. */
const ownReads = fc.array(
  fc.record({
    on: fc.constantFrom('journal' as const, 'check' as const, 'issuer' as const, 'both' as const),
    second: fc.integer({ min: 0, max: 600 }),
    later: fc.integer({ min: -20, max: 20 }),
  }),
  { maxLength: 12 },
);

function rowAt(name: string, second: number): Retrieval {
  const at = iso(second).replace('Z', '0000Z');
  return row(name, { at, identity: workload('rotator') });
}

/** The rows of the rotator that nothing explains. */
function unexplained(made: readonly { on: string; second: number }[], rows: readonly Retrieval[]): readonly string[] {
  const place = { vault: 'kv', secret: 'database', version: 'v1' };
  const operations = made
    .filter(({ on }) => on === 'journal' || on === 'both')
    // What is in the journal alone was not announced at the very same moment.
    .map(({ on, second }) => ({
      operation: 'SecretGet' as const,
      ...place,
      at: iso(on === 'both' ? second : second + 0.001),
    }));
  const ownReadsOf = (purpose: OwnRead['purpose'], ...where: readonly string[]) =>
    made.filter(({ on }) => where.includes(on)).map(({ second }): OwnRead => ({ ...place, at: iso(second), purpose }));
  const attributor = createAttributor({
    policy: policy(),
    jobs: [],
    receipts: [],
    rotations: [rotation({ operations })],
    ownReads: [...ownReadsOf('check', 'check', 'both'), ...ownReadsOf('issuer', 'issuer')],
  });
  const inOrder = rows.toSorted((one, other) => (`${one.at} ${one.id}` < `${other.at} ${other.id}` ? -1 : 1));
  return inOrder
    .filter((one) => {
      const { grade } = attributor.attribute(one);
      // A row may be asked about again, as it is where a stamp is weighed.
      expect(attributor.attribute(one).grade).toBe(grade);
      return grade === 'rotation-unexplained';
    })
    .map(({ id }) => id);
}

describe("reads by Keyturn's own identity", () => {
  it('are explained one by one: one read more is always one unexplained row more, whenever it is made', () => {
    fc.assert(
      fc.property(ownReads, fc.integer({ min: -60, max: 700 }), (made, forged) => {
        const rows = made.map(({ second, later }, index) => rowAt(`own-${String(index)}`, second + later));
        expect(unexplained(made, rows)).toEqual([]);
        expect(unexplained(made, [...rows, rowAt('forged', forged)])).toHaveLength(1);
      }),
      { seed, numRuns: 300 },
    );
  });
});
