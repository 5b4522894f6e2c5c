import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type PackFile, shortDigest } from '../../../src/evidence/pack/pack-file.ts';
import { rowFile } from '../../../src/evidence/pack/row-file.ts';

const header = 'number,text';

/** Writes the rows, so many handed in at once. Returns the parts and their bytes. */
async function write(rows: readonly string[], atOnce: (index: number) => number) {
  const bytes = new Map<string, Uint8Array>();
  const sink = { write: async (path: string, one: Uint8Array) => await Promise.resolve(void bytes.set(path, one)) };
  const file = rowFile(sink, { name: 'rows', extension: 'csv', description: 'rows', header });
  for (let index = 0; index < rows.length; ) {
    const next = index + atOnce(index);
    await file.addLines(
      Buffer.from(
        rows
          .slice(index, next)
          .map((row) => `${row}\n`)
          .join(''),
      ),
    );
    index = next;
  }
  return { files: await file.close(), bytes };
}

/** Rows of a part, and the digests that `docs/evidence-pack.md` asks for. */
function check({ path, rows, rowDigests, rowsPerDigest }: PackFile, bytes: Uint8Array | undefined): readonly string[] {
  const text = (path.endsWith('.gz') ? gunzipSync(bytes ?? '') : Buffer.from(bytes ?? '')).toString('utf8');
  const [first, ...lines] = text.split('\n').slice(0, -1);
  expect([first, rows, rowsPerDigest]).toEqual([header, lines.length, lines.length > 1_000 ? 100 : 1]);
  const digests = Array.from({ length: Math.ceil(lines.length / rowsPerDigest) }, (_, index) => {
    const together = lines.slice(index * rowsPerDigest, (index + 1) * rowsPerDigest);
    return shortDigest(together.map((line) => `${line}\n`).join(''));
  });
  expect(rowDigests).toEqual(digests);
  return lines;
}

const row = (length: number) => (_: unknown, number: number) =>
  `${String(number)},${'é'.repeat(number % 7)}${'x'.repeat(length)}`;

describe('a file of rows', () => {
  it.each([
    ['short rows', Array.from({ length: 14_000 }, row(600))],
    ['rows of which a part has few', Array.from({ length: 800 }, row(12_000))],
    ['rows that are longer than what is compressed at once', Array.from({ length: 5 }, row(2_500_000))],
    ['rows for one part alone', Array.from({ length: 1_001 }, row(20))],
    ['no rows', []],
  ])('has the same parts however %s are handed in, with all of them and their digests', async (_, rows) => {
    const one = await write(rows, () => 1);
    const all = await write(rows, () => rows.length);
    const some = await write(rows, (index) => 1 + ((index * 7_919) % 3_000));
    expect(all).toEqual(one);
    expect(some).toEqual(one);
    const read = one.files.flatMap((file) => check(file, one.bytes.get(file.path)));
    expect(read).toEqual(rows);
  });
});
