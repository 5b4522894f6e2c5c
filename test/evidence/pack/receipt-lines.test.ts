import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ReceiptRecord } from '../../../src/audit/model/audited-period.ts';
import { asJson } from '../../../src/evidence/pack/data-files.ts';
import { LineMemory } from '../../../src/evidence/pack/line-memory.ts';
import { writeReceipt } from '../../../src/evidence/pack/receipt-lines.ts';
import { canonicalJson } from '../../../src/provenance/canonical-json.ts';

/** Text that JSON must escape, and text that it need not. */
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('plain', 'a "quote" \\ and\n', 'é€\u2028'));

const receipts: fc.Arbitrary<ReceiptRecord> = fc.record({
  reference: text,
  also: fc.array(text),
  channel: fc.constantFrom('posted' as const, 'logged' as const),
  job: text,
  vault: text,
  secret: text,
  version: fc.option(text),
  answeredAt: text,
  requests: fc.array(text),
  clockOffsetMs: fc.option(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))),
  matched: fc.option(fc.boolean()),
  contested: fc.boolean(),
});

it('a line of receipts.ndjson is the canonical JSON of the whole receipt, whatever it says', () => {
  fc.assert(
    fc.property(receipts, (receipt) => {
      const lines = new LineMemory();
      writeReceipt(lines, receipt);
      expect(Buffer.from(lines.take()).toString()).toBe(`${canonicalJson(asJson(receipt))}\n`);
    }),
  );
});
