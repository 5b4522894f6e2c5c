import { nothingBrokered } from '../nothing-brokered.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAttributor } from '../../../src/audit/attribution/attribute-retrievals.ts';
import { listReceipts } from '../listed-receipts.ts';
import { findExceptions } from '../../../src/audit/findings/find-exceptions.ts';
import type { FindingContext } from '../../../src/audit/findings/finding-rule.ts';
import type { Finding } from '../../../src/audit/model/finding.ts';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';
import { collectKnownSecrets } from '../../../src/audit/period/collect-known-secrets.ts';
import { createReadsOnRecord } from '../../../src/audit/period/reads-on-record.ts';
import * as given from '../attribution-fixtures.ts';
import { bound, emptyEnd } from '../finding-fixtures.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`rules add up: KEYTURN_TEST_SEED=${String(seed)}`);

const minuteMs = 60_000;
const start = Date.parse('2026-03-02T00:00:00Z');
const period = { from: new Date(start), to: new Date(start + 86_400_000) };

/** Refusals a few minutes apart, so that bursts begin, end and are explained near the cuts. */
const rows: fc.Arbitrary<readonly Retrieval[]> = fc
  .array(
    fc.record({
      minutes: fc.integer({ min: 0, max: 12 }),
      who: fc.constantFrom('shared', 'nobody', 'rotator', 'ada'),
      kind: fc.constantFrom('read' as const, 'denied' as const, 'denied' as const, 'write' as const),
      secret: fc.constantFrom('database', 'other'),
      denial: fc.constantFrom('rbac' as const, 'firewall' as const),
      client: fc.option(fc.integer({ min: 1, max: 3 })),
      correlation: fc.integer({ min: 0, max: 12 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((all) => {
    let at = start;
    return all.map(({ minutes, who, kind, secret, denial, client, correlation }, index) => {
      at += minutes * minuteMs;
      return given.row(`c${String(correlation)}`, {
        id: `row-${String(index).padStart(4, '0')}`,
        at: new Date(at).toISOString().replace('Z', '0000Z'),
        kind,
        secret,
        operation: kind === 'write' ? 'SecretSet' : 'SecretGet',
        status: kind === 'denied' ? 403 : 200,
        denial: kind === 'denied' ? denial : null,
        identity: who === 'ada' ? given.person('ada@example.com') : given.workload(who),
        client: client === null ? null : given.stamp(client),
      });
    });
  });

/** The findings of rows in shares: each ends before one of the positions. */
function findingsOf(all: readonly Retrieval[], cuts: readonly number[]): readonly Finding[] {
  const policy = bound({ repositories: ['acme/blog'] });
  const jobs = [given.job(1), given.job(2)];
  const receipts = [1, 2, 2].map((job, index) => given.posted(given.receipt(job, `c${String(index % 2)}`)));
  const attributor = createAttributor({ policy, jobs, receipts, rotations: [] });
  const context: FindingContext = {
    period,
    policyAt: () => policy,
    secrets: collectKnownSecrets(),
    rotations: [],
    brokered: nothingBrokered,
    accessRequests: [],
    attribution: attributor.context,
    refusedReceipts: [],
    earlierReads: createReadsOnRecord(),
    bothLogs: period,
  };
  const sum = findExceptions(context);
  const ends = [...cuts, all.length].sort((one, other) => one - other);
  for (const [index, end] of ends.entries()) {
    const share = findExceptions(context);
    for (const row of all.slice(ends[index - 1] ?? 0, end))
      share.see(row, row.kind === 'read' ? attributor.attribute(row) : null);
    sum.absorb(structuredClone(share.take()));
  }
  for (const receipt of listReceipts(attributor.context, period, period.to.getTime())) sum.receipt(receipt);
  return sum.findings(emptyEnd(period));
}

describe('what the rules saw of shares of a period', () => {
  it('adds up to what they see of the whole, wherever it is cut, and may cross to another thread', () => {
    fc.assert(
      fc.property(rows, fc.array(fc.nat(60), { maxLength: 8 }), (all, cuts) => {
        expect(
          findingsOf(
            all,
            cuts.map((cut) => Math.min(cut, all.length)),
          ),
        ).toEqual(findingsOf(all, []));
      }),
      { seed, numRuns: 150 },
    );
  });

  it('keeps a burst of refusals that reaches over a cut, and the grant that explains it', () => {
    const denied = [0, 1, 2, 3, 4].map((minute) =>
      given.row('c9', {
        id: `d${String(minute)}`,
        at: new Date(start + minute * minuteMs).toISOString().replace('Z', '0000Z'),
        kind: 'denied',
        status: 403,
        denial: 'rbac',
      }),
    );
    const granted = given.row('c9', { id: 'g', at: '2026-03-02T00:20:00.0000000Z' });
    const bursts = (all: readonly Retrieval[], cut: number) =>
      findingsOf(all, [cut]).flatMap(({ rule, count, severity }) =>
        rule === 'denied-burst' ? [{ count, severity }] : [],
      );
    expect(bursts(denied, 3)).toEqual([{ count: 5, severity: 'medium' }]);
    expect(bursts([...denied, granted], 5)).toEqual([{ count: 5, severity: 'information' }]);
  });
});
