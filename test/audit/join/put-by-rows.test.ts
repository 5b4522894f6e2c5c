import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createBucketWriter, openBuckets } from '../../../src/audit/join/disk/bucket-file.ts';
import { createNumberedLines, linesInOrder } from '../../../src/audit/join/disk/numbered-lines.ts';
import { createPutByRows, visitAlike } from '../../../src/audit/join/disk/put-by-rows.ts';

const seed = Number(process.env['KEYTURN_TEST_SEED'] ?? Date.now() % 2 ** 31);
console.log(`put-by rows: KEYTURN_TEST_SEED=${String(seed)}`);
const run = { seed, numRuns: 100 };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-put-by-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const likenesses = fc.constantFrom(0, 1, 7, 2 ** 31, 2 ** 32 - 1);

describe('rows that were put by', () => {
  it('come back once each with their window, rows of one caller after each other', () => {
    const rows = fc.array(
      fc.record({ window: fc.nat(3), block: fc.nat(5), likeness: likenesses, text: fc.string({ maxLength: 9_000 }) }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(rows, (given) => {
        const writer = createBucketWriter(join(folder, 'rows'));
        const put = createPutByRows(writer);
        for (const [number, { window, block, likeness, text }] of given.entries()) {
          const bytes = Buffer.from(`before${text}after`);
          put.add(window, { block, number, likeness }, bytes, 6, bytes.length - 5);
        }
        const reader = openBuckets([writer.close()]);
        for (const window of [0, 1, 2, 3]) {
          const { bytes, from, to } = reader.readPlaced(window, window + 1);
          const found: { block: number; number: number; likeness: number; text: string }[] = [];
          visitAlike(bytes, from, to, (block, number, start, end) => {
            const likeness = given[number]?.likeness ?? -1;
            found.push({ block, number, likeness, text: bytes.toString('utf8', start, end) });
          });
          const expected = given.flatMap((row, number) =>
            row.window === window
              ? [{ block: row.block, number, likeness: row.likeness, text: Buffer.from(row.text).toString() }]
              : [],
          );
          expect(found).toEqual(
            expected.toSorted((one, other) => one.likeness - other.likeness || one.number - other.number),
          );
        }
        reader.close();
      }),
      run,
    );
  });
});

describe('lines with numbers', () => {
  it('come back block by block in the order of their numbers, whichever came first', () => {
    const lines = fc.uniqueArray(fc.record({ block: fc.nat(3), number: fc.nat(200), text: fc.string() }), {
      selector: ({ block, number }) => `${String(block)}-${String(number)}`,
    });
    fc.assert(
      fc.property(lines, (given) => {
        const writer = createBucketWriter(join(folder, 'lines'));
        const numbered = createNumberedLines(writer);
        for (const { block, number, text } of given) {
          const bytes = Buffer.from(`${text}\n`);
          numbered.add(block, number, bytes, 0, bytes.length);
        }
        const reader = openBuckets([writer.close()]);
        for (const block of [0, 1, 2, 3]) {
          const own = given.filter((one) => one.block === block).sort((one, other) => one.number - other.number);
          expect(linesInOrder(reader.read(block, block + 1)).toString()).toBe(
            own.map(({ text }) => `${Buffer.from(text).toString()}\n`).join(''),
          );
        }
        reader.close();
      }),
      run,
    );
  });
});
