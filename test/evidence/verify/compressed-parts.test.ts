import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowFile } from '../../../src/evidence/pack/row-file.ts';
import { producePack } from '../../../src/evidence/produce-pack.ts';
import { verifyPack } from '../../../src/evidence/verify/verify-pack.ts';
import { auditedStory } from '../story.ts';
import { orderOf } from '../order.ts';

const reads = 12_000;
const part = 'retrievals-0001.ndjson.gz';

let folder: string;
let sealed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-parts-'));
  sealed = join(folder, 'sealed');
  await producePack(orderOf({ out: sealed, audited: auditedStory({ reads }) }));
}, 60_000);
afterAll(async () => await rm(folder, { recursive: true, force: true }));

async function changedPart(change: (bytes: Buffer) => Uint8Array): Promise<string> {
  const pack = await mkdtemp(join(folder, 'changed-'));
  await cp(sealed, pack, { recursive: true });
  await writeFile(join(pack, part), change(await readFile(join(pack, part))));
  return pack;
}

describe('a pack whose rows fill several parts', () => {
  it('is intact, and its parts hold every read once, in order', async () => {
    expect(await verifyPack(sealed)).toMatchObject({ outcome: 'intact', reads });
    const parts = (await readdir(sealed)).filter((name) => /^retrievals-\d+\.ndjson\.gz$/.test(name)).sort();
    expect(parts.length).toBeGreaterThan(1);
    const texts = await Promise.all(
      parts.map(async (name) => gunzipSync(await readFile(join(sealed, name))).toString()),
    );
    const rows = texts.join('').trimEnd().split('\n');
    const times = rows.map((row) => (JSON.parse(row) as { readonly at: string }).at);
    expect(times).toEqual(times.toSorted());
    expect(new Set(rows).size).toBe(reads);
  });

  it('names the run of rows that was changed, although the file is compressed', async () => {
    const pack = await changedPart((bytes) => {
      const lines = gunzipSync(bytes).toString().split('\n');
      lines[250] = lines[250]?.replace('"status":200', '"status":201') ?? '';
      return gzipSync(lines.join('\n'));
    });
    const { faults } = await verifyPack(pack);
    expect(faults).toContainEqual({
      file: part,
      row: 201,
      message: 'this row or a later one up to row 300 was changed',
    });
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2), 'is not whole gzip'],
    ['no gzip', () => Buffer.from('plain'), 'is not whole gzip'],
    ['a bomb', () => gzipSync(Buffer.alloc(100 * 1024 * 1024)), 'unpacks to far too many bytes'],
  ])('is broken if a part is %s', async (_, change, message) => {
    const { outcome, faults } = await verifyPack(await changedPart(change));
    expect(outcome).toBe('broken');
    expect(faults).toContainEqual({ file: part, row: null, message });
  });
});

describe('a file of rows', () => {
  it('has the same bytes for the same rows, which name neither a time nor a system', async () => {
    const written: Uint8Array[][] = [[], []];
    for (const files of written) {
      const sink = { write: async (_path: string, bytes: Uint8Array) => await Promise.resolve(void files.push(bytes)) };
      const rows = rowFile(sink, { name: 'rows', extension: 'ndjson', description: 'rows' });
      for (let row = 0; row < 90; row += 1) await rows.add(JSON.stringify({ row, text: 'x'.repeat(200_000) }));
      await rows.close();
    }
    const [one = [], other = []] = written;
    expect(one.length).toBeGreaterThan(1);
    expect(one).toEqual(other);
    // RFC 1952: magic, method, flags, time, extra flags, system.
    for (const bytes of one) expect([...bytes.subarray(0, 10)]).toEqual([31, 139, 8, 0, 0, 0, 0, 0, 0, 255]);
  });
});
