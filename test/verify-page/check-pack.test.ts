import { openAsBlob } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson, type JsonValue } from '../../src/provenance/canonical-json.ts';
import { exportPack } from '../../src/evidence/pack/pack-archive.ts';
import { dataManifestShape, manifestShape, statementShape } from '../../src/evidence/pack/pack-statement.ts';
import { zipPack } from '../../src/evidence/pack/zip-pack.ts';
import { producePack } from '../../src/evidence/produce-pack.ts';
import { verifyPack } from '../../src/evidence/verify/verify-pack.ts';
import { checkPack } from '../../src/verify-page/check-pack.ts';
import { blobEntry, findPacks, type PackEntry } from '../../src/verify-page/pack-entries.ts';
import { isDataManifest, isManifest, isStatement } from '../../src/verify-page/pack-shapes.ts';
import { readZip } from '../../src/verify-page/read-zip.ts';
import * as examples from '../docs/pack-examples.ts';
import { memoryRecords } from '../evidence/memory-records.ts';
import { knownSigner, orderOf } from '../evidence/order.ts';
import { auditedStory } from '../evidence/story.ts';
import { changesOfPack, newCurveSigner, sealAsNewer } from './changed-packs.ts';

let folder: string;
let sealed: string;
let zip: Blob;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-page-'));
  sealed = join(folder, 'sealed');
  const records = memoryRecords();
  const { id } = await producePack(orderOf({ records, audited: auditedStory({ reads: 40 }) }));
  await exportPack(records, id, sealed);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of zipPack(records, id)) pieces.push(new Uint8Array(piece));
  zip = new Blob(pieces);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function entriesOf(directory: string): Promise<ReadonlyMap<string, PackEntry>> {
  const entries = new Map<string, PackEntry>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if ((await stat(path)).isFile()) entries.set(relative(directory, path), blobEntry(await openAsBlob(path)));
  }
  return entries;
}

/** The check of a pack that this version knows. */
async function checked(...given: Parameters<typeof checkPack>) {
  const check = await checkPack(...given);
  if (check.outcome === 'newer') expect.fail(check.reason);
  return check;
}

async function filesOf(blob: Blob): Promise<ReadonlyMap<string, PackEntry>> {
  const contents = await readZip(blob);
  if (contents.outcome === 'refused') throw new Error(contents.because);
  return contents.files;
}

describe('the page that checks packs', () => {
  const { fingerprint } = knownSigner();

  it.each([
    ['a folder', async () => await entriesOf(sealed)],
    ['a zip', async () => await filesOf(zip)],
  ])('finds an intact pack intact, given as %s', async (_what, files) => {
    const [pack] = findPacks(await files());
    const check = await checked(pack?.entries ?? new Map<string, PackEntry>(), [fingerprint]);
    expect(check.faults).toEqual([]);
    expect(check).toMatchObject({ outcome: 'intact', signer: 'trusted', fingerprint, link: { previous: null } });
    expect(check.checked[0]).toBe('Signature: Ed25519, made by the key in the pack over its statement.');
  });

  it('checks a seal of the kind that a Key Vault key makes', async () => {
    const signer = newCurveSigner();
    const out = join(folder, 'by-curve');
    await producePack(orderOf({ out, signer, audited: auditedStory({ reads: 3 }) }));
    const check = await checked(await entriesOf(out), [signer.fingerprint]);
    expect([check.outcome, check.signer, check.faults]).toEqual(['intact', 'trusted', []]);
    expect(check.checked[0]).toContain('ECDSA P-256');
  });

  it('trusts no other key than those named, and says so without one', async () => {
    const entries = await entriesOf(sealed);
    expect(await checkPack(entries, [`sha256:${'0'.repeat(64)}`])).toMatchObject({
      outcome: 'broken',
      signer: 'not-trusted',
      link: null,
    });
    expect(await checkPack(entries, [])).toMatchObject({ outcome: 'intact', signer: 'not-verified' });
  });

  it('and keyturn verify say of a pack of a newer version which it is, and neither intact nor broken', async () => {
    const pack = join(folder, 'newer');
    await cp(sealed, pack, { recursive: true });
    await sealAsNewer(pack);
    const reason = 'it was written by a newer version: format 2, this one reads up to 1';
    for (const trust of [[], [fingerprint]]) {
      expect(await checkPack(await entriesOf(pack), trust)).toEqual({ outcome: 'newer', reason });
      const options = trust.length === 0 ? {} : { trust };
      await expect(verifyPack(pack, options)).rejects.toMatchObject({ details: { reason } });
    }
    // Whoever is not trusted cannot hide a change by calling the pack new.
    const other = [`sha256:${'0'.repeat(64)}`];
    expect(await checkPack(await entriesOf(pack), other)).toMatchObject({ outcome: 'broken', signer: 'not-trusted' });
    expect(await verifyPack(pack, { trust: other })).toMatchObject({ outcome: 'broken', signer: 'not-trusted' });
    const unsigned = join(folder, 'newer-by-word');
    await cp(sealed, unsigned, { recursive: true });
    const sealPath = join(unsigned, 'pack.dsse.json');
    const { payload, ...rest } = JSON.parse(await readFile(sealPath, 'utf8')) as { readonly payload: string } & Record<
      string,
      JsonValue
    >;
    const stated = Buffer.from(payload, 'base64').toString().replace('"format":1', '"format":2');
    const forged = { ...rest, payload: Buffer.from(stated).toString('base64') };
    await writeFile(sealPath, `${canonicalJson(forged)}\n`);
    expect(await checkPack(await entriesOf(unsigned), [])).toMatchObject({ outcome: 'broken' });
  });

  it.each(changesOfPack)('and keyturn verify find it broken and name the file: $what', async ({ names, change }) => {
    const pack = join(folder, 'changed');
    await rm(pack, { recursive: true, force: true });
    await cp(sealed, pack, { recursive: true });
    await change(pack);
    const check = await checked(await entriesOf(pack), []);
    const verification = await verifyPack(pack);
    expect([check.outcome, verification.outcome]).toEqual(['broken', 'broken']);
    expect(check.faults.map(({ file }) => file)).toContain(names);
    expect(verification.faults.map(({ file }) => file)).toContain(names);
  });

  it('reads the shapes that Keyturn reads, and refuses what it refuses', () => {
    const data = { ...examples.packManifest, files: [] };
    const pairs = [
      [isStatement, statementShape, examples.statement],
      [isManifest, manifestShape, examples.packManifest],
      [
        isDataManifest,
        dataManifestShape,
        { ...data, organisation: 'x', period: { from: 'a', to: 'b' }, frameworks: ['soc2'], createdAt: 'c' },
      ],
    ] as const;
    for (const [isShape, shape, value] of pairs) {
      expect([isShape(value), shape.safeParse(value).success]).toEqual([true, true]);
      for (const name of Object.keys(value)) {
        for (const other of [undefined, null, 7, 'x', {}, []]) {
          const changed: unknown = JSON.parse(JSON.stringify({ ...value, [name]: other }));
          expect([name, other, isShape(changed)]).toEqual([name, other, shape.safeParse(changed).success]);
        }
      }
      expect(isShape({ ...value, further: 1 })).toBe(false);
    }
  });
});

describe('a zip that can be read in two ways', () => {
  it.each([
    ['cut short', async () => zip.slice(0, zip.size - 5), 'it has no directory at its end'],
    ['with a name twice', async () => await twice('SHA256SUMS', 'report.pdf'), null],
    [
      'with a name that leads out',
      async () => await twice('SHA256SUMS', '/etc/abcde'),
      'a name in it leads out of the folder',
    ],
  ])('is refused: %s', async (_what, make, because) => {
    const contents = await readZip(await make());
    expect(contents).toMatchObject({ outcome: 'refused', because: because ?? 'two files in it have one name' });
  });

  it('never unpacks more than its directory states', async () => {
    const bytes = Buffer.from(await zip.arrayBuffer());
    const at = bytes.lastIndexOf(Buffer.from('report.html')) - 46;
    bytes.writeUInt32LE(10, at + 24);
    const files = await filesOf(new Blob([bytes]));
    expect(await files.get('report.html')?.bytes()).toBeNull();
  });
});

/** The zip with one name in its directory in the place of another of the same length. */
async function twice(name: string, other: string): Promise<Blob> {
  const bytes = Buffer.from(await zip.arrayBuffer());
  bytes.write(other, bytes.lastIndexOf(Buffer.from(name)));
  return new Blob([bytes]);
}
