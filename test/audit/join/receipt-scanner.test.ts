import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFiledReceipt } from '../../../src/audit/files/read-receipt-file.ts';
import { createReceiptScanner, type ReceiptScanner } from '../../../src/audit/join/receipt-scanner.ts';
import { hashText } from '../../../src/audit/join/text-hash.ts';
import { linePlacers } from '../line-places.ts';
import * as given from '../attribution-fixtures.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`receipt scanner: KEYTURN_TEST_SEED=${String(seed)}`);

/** Bytes after a line, as a block has them: the scanner looks ahead. */
const after = Buffer.alloc(4_096, '{"format":1,');

const ids = fc.oneof(fc.uuid(), fc.constantFrom('A-1', 'b', 'None', 'x'.repeat(64), 'x'.repeat(65), ''));
const moments = fc.constantFrom(
  '2026-03-02T08:00:00.123Z',
  '2026-03-31T23:59:59.999Z',
  '2026-02-30T00:00:00.000Z',
  '2026-03-02T24:00:00.000Z',
  '2026-03-02T08:00:00Z',
);
const numbers = fc.constantFrom<unknown>(1, 2, 99_999, 100_000, 0, -1, 1.5, null, 999_999_999_999_999, '1');

const receipts: fc.Arbitrary<unknown> = fc
  .record({
    job: fc.record({
      instance: fc.constantFrom('e8d6a85a', 'e8d6a85b', 'E8D6A85A'),
      repositoryId: numbers,
      runId: fc.nat(12),
      attempt: numbers,
      jobId: fc.constantFrom(1, 50_000, 51_000),
      taskId: fc.constantFrom(1, 7),
    }),
    nonce: fc.constantFrom('0a1b2c3d', '0a1b2c3e', '0a1b2c3'),
    sequence: numbers,
    vault: fc.constantFrom('kv', 'KV-2', 'k_v', ''),
    secret: fc.constantFrom('database', 'Data-base', 'data*', 'é'),
    opaque: fc.boolean(),
    version: fc.constantFrom(null, 'v1', 'V1', '0'.repeat(64)),
    clientRequestId: fc.oneof(fc.uuid(), fc.constant('11111111-2222-4333-8444-55555555555G')),
    requests: fc.array(
      fc.record({ id: ids, status: fc.constantFrom<unknown>(200, 403, 99, 600, 200.5), at: moments }),
      { maxLength: 3 },
    ),
    address: fc.constantFrom(null, '20.1.1.1', '::1', 'host'),
    clockOffsetMs: fc.constantFrom(null, 0, 12, -250, 1e13),
    previous: fc.constantFrom(null, 'a'.repeat(64), 'a'.repeat(63)),
  })
  .chain((odd) =>
    // Mostly valid: few of the members are unusual.
    fc.subarray(Object.keys(odd) as (keyof typeof odd)[], { maxLength: 2 }).map((names) => ({
      ...given.receipt(1, 'c1'),
      ...Object.fromEntries(names.map((name) => [name, odd[name]])),
    })),
  );

const lines = receipts.chain((receipt) =>
  fc.constantFrom(
    JSON.stringify(receipt),
    JSON.stringify({ format: 1, postedAt: '2026-03-02T08:00:00.500Z', receipt }),
    JSON.stringify({ format: 1, postedAt: '2026-03-02T08:00:00.501Z', receipt }),
    JSON.stringify({ format: 1, postedAt: '2026-03-02T08:00:00.500Z', receipt }),
    JSON.stringify({ format: 1, postedAt: '2026-03-03T08:00:00.500Z', receipt }),
    JSON.stringify({ postedAt: 'yesterday', receipt }),
    `${JSON.stringify({ receipt, postedAt: '2026-03-02T08:00:00Z' }, null, 1).replaceAll('\n', ' ')}\r`,
  ),
);

/** A line in which one place is another. */
const broken = fc
  .tuple(lines, fc.nat(), fc.constantFrom('', '"', '\\', ',', '}', '0', '\u0001', 'é', ' ', ':', '[', '-'))
  .map(([line, at, other]) => {
    const place = at % (line.length + 1);
    return line.slice(0, place) + other + line.slice(place + 1);
  });

describe.each(linePlacers)('a receipt that is read from its bytes, %s,', (_, placer) => {
  /** What the bytes of a line say; `null` if it has no form that was learned, or one that may be invalid. */
  function scanLine(scanner: ReceiptScanner, line: string) {
    const { bytes, from, to } = placer.place(line, after);
    const form = scanner.match(bytes, from, to);
    if (form === null || !form.isValid(bytes)) return null;
    const requests: { readonly hash: number; readonly answered: number }[] = [];
    form.visitRequests(bytes, (hash, answered) => requests.push({ hash, answered }));
    return { requests, value: form.value(bytes, from) };
  }

  it('is what the parser makes of its JSON, whichever receipts came before it', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: lines }, broken), { maxLength: 40 }), (all) => {
        const scanner = createReceiptScanner(placer.memory());
        for (const line of all) {
          const found = scanLine(scanner, line);
          if (found === null) {
            if (isJson(line)) scanner.learn(line, JSON.parse(line));
            continue;
          }
          const parsed = parseFiledReceipt(JSON.parse(line), 'here');
          expect(parsed).not.toBeNull();
          expect(parseFiledReceipt(found.value, 'here')).toEqual(parsed);
          const offset = parsed?.receipt.clockOffsetMs ?? 0;
          expect(found.requests).toEqual(
            parsed?.receipt.requests.map(({ id, at }) => ({
              hash: hashText(id.toLowerCase()),
              answered: Date.parse(at) + offset,
            })),
          );
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  it('is recognised after one like it, and left to the parser if it may be invalid', () => {
    const scanner = createReceiptScanner(placer.memory());
    const line = (change: object) => JSON.stringify({ ...given.receipt(1, 'c1'), ...change });
    expect(scanLine(scanner, line({}))).toBeNull();
    scanner.learn(line({}), JSON.parse(line({})));
    expect(scanLine(scanner, line({ sequence: 7 }))).toMatchObject({ value: { sequence: 7, version: 'v1' } });
    expect(scanLine(scanner, line({ clockOffsetMs: -40 }))).toMatchObject({ value: { clockOffsetMs: -40 } });
    expect(scanLine(scanner, line({ sequence: 1.5 }))).toBeNull();
    expect(scanLine(scanner, line({ nonce: 'x' }))).toBeNull();
    expect(scanLine(scanner, line({ sequence: 8 }))).not.toBeNull();
  });
});

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
