import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attribution } from '../../../src/audit/model/attribution.ts';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';
import { asJson } from '../../../src/evidence/pack/data-files.ts';
import { csvRow } from '../../../src/evidence/pack/csv-row.ts';
import { LineMemory } from '../../../src/evidence/pack/line-memory.ts';
import { writeRetrievals } from '../../../src/evidence/pack/retrieval-lines.ts';
import { readerOf } from '../../../src/evidence/report/retrieval-tally.ts';
import { canonicalJson } from '../../../src/provenance/canonical-json.ts';
import * as given from '../../audit/attribution-fixtures.ts';

/** Text that JSON must escape, and text that it need not. */
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('plain', 'a "quote" \\ and\n', 'é€\u2028'));
const textOrNull = fc.option(text);

const hexadecimal = fc.stringMatching(/^[0-9a-f]{32}$/);
const list = fc.array(text);

const retrievals: fc.Arbitrary<Retrieval> = fc.record({
  format: fc.constant(1 as const),
  id: hexadecimal,
  at: fc.constant('2026-03-02T08:00:00.1234567Z'),
  kind: fc.constantFrom('read' as const, 'denied' as const),
  operation: text,
  status: fc.integer({ min: 100, max: 599 }),
  vault: text,
  secret: textOrNull,
  version: textOrNull,
  requestedVersion: textOrNull,
  identity: fc.record({
    objectId: textOrNull,
    applicationId: textOrNull,
    userPrincipalName: textOrNull,
    managedIdentity: textOrNull,
    kind: fc.constantFrom('workload' as const, 'person' as const, 'none' as const),
  }),
  address: textOrNull,
  client: textOrNull,
  correlationId: textOrNull,
  roleAssignment: textOrNull,
  denial: fc.constantFrom('rbac' as const, null),
  sources: list,
  receivedAt: textOrNull,
});

const attributions: fc.Arbitrary<Attribution> = fc
  .record({
    retrieval: fc.oneof(
      retrievals,
      retrievals.map((one): Retrieval => ({ ...one, statusDisagrees: true })),
    ),
    job: fc.constantFrom(null, given.job(1, { name: 'deploy "all"' })),
    candidates: list,
    reason: text,
    evidence: list,
  })
  .map((one) => ({ ...one, grade: 'claimed' as const }));

/** Reads that differ where those of one job differ, and then reads of anything else. */
const reads: fc.Arbitrary<readonly Attribution[]> = fc
  .array(
    fc.record({
      base: attributions,
      own: fc.array(
        fc.record({
          id: hexadecimal,
          secret: textOrNull,
          version: textOrNull,
          correlationId: textOrNull,
          evidence: list,
        }),
        { minLength: 1, maxLength: 3 },
      ),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((groups) =>
    groups.flatMap(({ base, own }) =>
      own.map(({ evidence, ...more }) => ({ ...base, evidence, retrieval: { ...base.retrieval, ...more } })),
    ),
  );

function written(rows: readonly Attribution[]): { readonly lines: string; readonly table: string } {
  const [lines, table] = [new LineMemory(), new LineMemory()];
  const write = writeRetrievals(lines, table);
  // Jobs that run at one time take turns, so each row comes twice.
  for (const one of [...rows, ...rows]) write(one);
  return { lines: Buffer.from(lines.take()).toString(), table: Buffer.from(table.take()).toString() };
}

function twice(lines: readonly string[]): string {
  return [...lines, ...lines].map((line) => `${line}\n`).join('');
}

describe('a line of retrievals.ndjson', () => {
  it('is the canonical JSON of the whole row, its grade and its evidence, whatever they say', () => {
    fc.assert(
      fc.property(reads, (rows) => {
        const expected = rows.map(({ retrieval, grade, reason, job, candidates, evidence }) =>
          canonicalJson(asJson({ ...retrieval, grade, reason, job, candidates, evidence })),
        );
        expect(written(rows).lines).toBe(twice(expected));
      }),
    );
  });
});

describe('a line of retrievals.csv', () => {
  it('has the cells of its row, whatever they say', () => {
    fc.assert(
      fc.property(reads, (rows) => {
        expect(written(rows).table).toBe(Buffer.from(twice(rows.map((one) => csvRow(cellsOf(one))))).toString());
      }),
    );
  });
});

function cellsOf(attribution: Attribution): readonly (string | number | null)[] {
  const { retrieval: row, grade, job, reason } = attribution;
  const { objectId, applicationId, userPrincipalName } = row.identity;
  return [
    row.at,
    row.vault,
    row.secret,
    row.version,
    grade,
    reason,
    readerOf(attribution),
    job?.repository ?? null,
    job?.runId ?? null,
    job?.jobId ?? null,
    job?.attempt ?? null,
    row.operation,
    row.status,
    objectId,
    applicationId,
    userPrincipalName,
    row.address,
    row.client,
    row.correlationId,
    row.roleAssignment,
    row.sources.join(' '),
    row.id,
  ];
}
