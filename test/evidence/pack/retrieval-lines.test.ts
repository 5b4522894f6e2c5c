import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attribution } from '../../../src/audit/model/attribution.ts';
import type { Retrieval } from '../../../src/audit/model/retrieval.ts';
import { asJson } from '../../../src/evidence/pack/data-files.ts';
import { retrievalLines } from '../../../src/evidence/pack/retrieval-lines.ts';
import { canonicalJson } from '../../../src/provenance/canonical-json.ts';
import * as given from '../../audit/attribution-fixtures.ts';

/** Text that JSON must escape, and text that it need not. */
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('plain', 'a "quote" \\ and\n', 'é€\u2028'));
const textOrNull = fc.option(text);

const retrievals: fc.Arbitrary<Retrieval> = fc.record({
  format: fc.constant(1 as const),
  id: fc.stringMatching(/^[0-9a-f]{32}$/),
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
  sources: fc.array(text),
  receivedAt: textOrNull,
});

const attributions: fc.Arbitrary<Attribution> = fc
  .record({
    retrieval: fc.oneof(
      retrievals,
      retrievals.map((one): Retrieval => ({ ...one, statusDisagrees: true })),
    ),
    job: fc.constantFrom(null, given.job(1, { name: 'deploy "all"' })),
    candidates: fc.array(text),
    reason: text,
    evidence: fc.array(text),
  })
  .map((one) => ({ ...one, grade: 'claimed' as const }));

describe('a line of retrievals.ndjson', () => {
  it('is the canonical JSON of the whole row, its grade and its evidence, whatever they say', () => {
    fc.assert(
      fc.property(fc.array(attributions, { minLength: 1, maxLength: 5 }), (rows) => {
        const line = retrievalLines();
        for (const one of rows) {
          const { retrieval, grade, reason, job, candidates, evidence } = one;
          const row = { ...retrieval, grade, reason, job, candidates, evidence };
          expect(line(one)).toBe(canonicalJson(asJson(row)));
        }
      }),
    );
  });
});
