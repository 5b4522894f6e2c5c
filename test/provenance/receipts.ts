import fc from 'fast-check';
import type { Receipt } from '../../src/provenance/receipt.ts';

/** A receipt to vary from. */
export const aReceipt: Receipt = {
  format: 1,
  job: { instance: '0a1b2c3d', repositoryId: 7, runId: 41, attempt: 1, jobId: 52, taskId: 63 },
  nonce: '89abcdef',
  sequence: 1,
  vault: 'kv-prod',
  secret: 'database-password',
  opaque: false,
  version: '0123456789abcdef0123456789abcdef',
  clientRequestId: '00000000-0000-8000-8000-000000000001',
  requests: [{ id: '6f1c1f6e-2a57-4a43-a5a0-3d1fbcb59d55', status: 200, at: '2026-11-02T08:00:00.123Z' }],
  address: '203.0.113.7',
  clockOffsetMs: -12,
  previous: null,
};

const databaseId = fc.integer({ min: 1, max: 999_999_999_999_999 });
const hex = (length: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'.split('')), { minLength: length, maxLength: length })
    .map((digits) => digits.join(''));
const name = fc.stringMatching(/^[0-9A-Za-z-]{1,127}$/);

/** Any receipt that the helper can write. */
export const anyReceipt: fc.Arbitrary<Receipt> = fc.record({
  format: fc.constant(1 as const),
  job: fc.record({
    instance: hex(8),
    repositoryId: fc.option(databaseId),
    runId: databaseId,
    attempt: fc.integer({ min: 1, max: 99_999 }),
    jobId: databaseId,
    taskId: databaseId,
  }),
  nonce: hex(8),
  sequence: fc.integer({ min: 1, max: 99_999 }),
  vault: name,
  secret: name,
  opaque: fc.boolean(),
  version: fc.option(hex(32)),
  clientRequestId: fc.uuid(),
  requests: fc.array(
    fc.record({
      id: fc.uuid(),
      status: fc.integer({ min: 100, max: 599 }),
      at: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }).map((at) => at.toISOString()),
    }),
    { maxLength: 24 },
  ),
  address: fc.option(fc.oneof(fc.ipV4(), fc.ipV6())),
  clockOffsetMs: fc.option(fc.integer()),
  previous: fc.option(hex(64)),
});
