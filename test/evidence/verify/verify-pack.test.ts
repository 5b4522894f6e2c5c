import { createHash, generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sealEnvelope, openEnvelope } from '../../../src/evidence/pack/dsse-envelope.ts';
import { producePack } from '../../../src/evidence/produce-pack.ts';
import type { Verification } from '../../../src/evidence/verify/verification.ts';
import { verifyPack } from '../../../src/evidence/verify/verify-pack.ts';
import { auditedStory } from '../story.ts';
import { knownSigner, orderOf } from '../order.ts';

let folder: string;
let sealed: string;
let pack: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-verify-'));
  sealed = join(folder, 'sealed');
  pack = join(folder, 'pack');
  await producePack(orderOf({ out: sealed, audited: auditedStory({ reads: 60 }) }));
  await copied();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function copied(): Promise<string> {
  await rm(pack, { recursive: true, force: true });
  await cp(sealed, pack, { recursive: true });
  return pack;
}

const filesOf = async (directory: string): Promise<readonly string[]> =>
  (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .sort();

describe('a pack as it was sealed', () => {
  it('is intact, with the signer not verified, and synthetic', async () => {
    expect(await verifyPack(sealed)).toMatchObject({
      outcome: 'intact',
      signer: 'not-verified',
      synthetic: true,
      status: 'final',
      reads: 60,
      faults: [],
      message: 'intact; signer not verified; synthetic',
    });
  });

  it("is trusted if the given fingerprint is its signer's", async () => {
    const { fingerprint } = knownSigner();
    expect(await verifyPack(sealed, { trust: [fingerprint] })).toMatchObject({ outcome: 'intact', signer: 'trusted' });
  });

  it('is neither intact nor broken if a newer version sealed it: this one says which', async () => {
    const newer = await copied();
    const sealPath = join(newer, 'pack.dsse.json');
    const envelope = openEnvelope(await readFile(sealPath));
    const stated = Buffer.from(envelope?.payload ?? [])
      .toString()
      .replace('"format":1', '"format":2');
    const reseal = async (signer: Parameters<typeof sealEnvelope>[0]) => {
      await writeFile(sealPath, await sealEnvelope(signer, envelope?.payloadType ?? '', Buffer.from(stated)));
    };
    await reseal(knownSigner());
    const { fingerprint } = knownSigner();
    for (const options of [{}, { trust: [fingerprint] }])
      await expect(verifyPack(newer, options)).rejects.toMatchObject({
        code: 'PACK_UNREADABLE',
        details: { reason: 'it was written by a newer version: format 2, this one reads up to 1' },
      });
    // Whoever is not trusted cannot hide a change by calling the pack new.
    const other = [`sha256:${'0'.repeat(64)}`];
    expect(await verifyPack(newer, { trust: other })).toMatchObject({ outcome: 'broken', signer: 'not-trusted' });
    await copied();
  });

  it('is broken, and not new, if somebody wrote a newer format into a file of it', async () => {
    const changed = await copied();
    for (const name of ['manifest.json', 'data-manifest.json']) {
      const path = join(changed, name);
      await writeFile(path, (await readFile(path, 'utf8')).replace('"format":1', '"format":2'));
    }
    expect(await verifyPack(changed)).toMatchObject({
      outcome: 'broken',
      message: expect.stringMatching(/^broken: .*manifest\.json/) as unknown,
    });
    await copied();
  });

  it('is broken if another key is trusted', async () => {
    const verification = await verifyPack(sealed, { trust: [`sha256:${'0'.repeat(64)}`] });
    expect(verification).toMatchObject({
      outcome: 'broken',
      signer: 'not-trusted',
      faults: [{ file: 'public-key.pem' }],
    });
  });
});

// Each case verifies the whole pack once for every byte that it changes: minutes on a machine that is busy.
describe('a pack of which one byte was changed', { timeout: 600_000 }, () => {
  it('names the file, whichever byte was changed', async () => {
    const files = await filesOf(sealed);
    const sizes = new Map(
      await Promise.all(files.map(async (file) => [file, (await readFile(join(sealed, file))).length] as const)),
    );
    const places = fc
      .constantFrom(...files.filter((file) => (sizes.get(file) ?? 0) > 0))
      .chain((file) =>
        fc.tuple(fc.constant(file), fc.nat((sizes.get(file) ?? 1) - 1), fc.integer({ min: 1, max: 255 })),
      );
    await fc.assert(
      fc.asyncProperty(places, async ([file, position, mask]) => {
        const verification = await verifiedWith(file, position, mask);
        expect(verification.outcome).toBe('broken');
        expect(verification.faults.map((fault) => fault.file)).toContain(file);
      }),
      { numRuns: 100 },
    );
  });

  it.each(['pack.dsse.json', 'public-key.pem', 'manifest.json'])(
    'names %s for a change of any of its bytes',
    async (file) => {
      const size = (await readFile(join(sealed, file))).length;
      const step = Math.max(1, Math.floor(size / 24));
      for (let position = 0; position < size; position += step) {
        for (const mask of [1 << (position % 8)]) {
          const { outcome, faults } = await verifiedWith(file, position, mask);
          expect([outcome, ...faults.map((fault) => fault.file)], `byte ${String(position)} ^ ${String(mask)}`).toEqual(
            expect.arrayContaining(['broken', file]),
          );
        }
      }
    },
  );
});

describe('a pack whose SHA256SUMS leaves a file out', () => {
  it('is broken, although its seal holds', async () => {
    const directory = await copied();
    const whole = await readFile(join(directory, 'SHA256SUMS'), 'utf8');
    const short = whole.split('\n').slice(1).join('\n');
    await writeFile(join(directory, 'SHA256SUMS'), short);
    const envelope = openEnvelope(await readFile(join(directory, 'pack.dsse.json')));
    const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');
    const stated = Buffer.from(envelope?.payload ?? [])
      .toString()
      .replace(digestOf(whole), digestOf(short));
    await writeFile(
      join(directory, 'pack.dsse.json'),
      await sealEnvelope(knownSigner(), envelope?.payloadType ?? '', Buffer.from(stated)),
    );
    expect((await verifyPack(directory)).faults).toEqual([
      { file: 'SHA256SUMS', row: null, message: 'does not list the files that the statement seals' },
    ]);
  });
});

describe('a pack that was changed', () => {
  it('also names the seal if its key id was changed, because the manifest still matches the key', async () => {
    const directory = await copied();
    const seal = await readFile(join(directory, 'pack.dsse.json'), 'utf8');
    const { payload } = JSON.parse(seal) as { payload: string };
    const stated = Buffer.from(payload, 'base64').toString('utf8');
    const digest = createHash('sha256')
      .update(await readFile(join(directory, 'public-key.pem')))
      .digest('hex');
    expect(stated).toContain(digest);
    const other = `${digest.startsWith('0') ? '1' : '0'}${digest.slice(1)}`;
    const changed = Buffer.from(stated.replace(digest, other)).toString('base64');
    await writeFile(join(directory, 'pack.dsse.json'), seal.replace(payload, changed));
    const { outcome, faults } = await verifyPack(directory);
    expect([outcome, faults.map(({ file }) => file)]).toEqual(['broken', ['pack.dsse.json', 'public-key.pem']]);
  });

  it('names the changed row of a data file', async () => {
    const directory = await copied();
    const rows = (await readFile(join(directory, 'retrievals.ndjson'), 'utf8')).split('\n');
    rows[41] = (rows[41] ?? '').replace('"grade":"', '"grade":"x');
    await writeFile(join(directory, 'retrievals.ndjson'), rows.join('\n'));
    expect((await verifyPack(directory)).faults).toContainEqual({
      file: 'retrievals.ndjson',
      row: 42,
      message: 'this row was changed',
    });
  });

  it('counts rows that were removed', async () => {
    const directory = await copied();
    const rows = (await readFile(join(directory, 'findings.ndjson'), 'utf8')).split('\n');
    await writeFile(join(directory, 'findings.ndjson'), rows.toSpliced(2, 1).join('\n'));
    expect((await verifyPack(directory)).faults).toContainEqual({
      file: 'findings.ndjson',
      row: null,
      message: 'has 8 rows; 9 were sealed',
    });
  });

  it('names missing files, extra files and entries that are not regular files', async () => {
    const directory = await copied();
    await rename(join(directory, 'coverage.csv'), join(directory, 'queries', 'coverage.csv'));
    await symlink('/etc/hostname', join(directory, 'link'));
    const { outcome, faults } = await verifyPack(directory);
    expect(outcome).toBe('broken');
    expect(faults.map(({ file, message }) => `${file} ${message}`)).toEqual(
      expect.arrayContaining([
        'coverage.csv is missing',
        'queries/coverage.csv is not part of the pack',
        'link is not a regular file',
        'link is not part of the pack',
      ]),
    );
  });

  it('is not sealed without its envelope', async () => {
    const directory = await copied();
    await rm(join(directory, 'pack.dsse.json'));
    expect((await verifyPack(directory)).faults).toContainEqual({
      file: 'pack.dsse.json',
      row: null,
      message: 'is missing: the pack is not sealed',
    });
  });

  it('shows when another key sealed it again', async () => {
    const directory = await copied();
    const envelope = openEnvelope(await readFile(join(directory, 'pack.dsse.json')));
    const { privateKey } = generateKeyPairSync('ed25519');
    const { sign } = await import('node:crypto');
    const forger = { ...knownSigner(), sign: (bytes: Uint8Array) => Promise.resolve(sign(null, bytes, privateKey)) };
    await writeFile(
      join(directory, 'pack.dsse.json'),
      await sealEnvelope(forger, envelope?.payloadType ?? '', envelope?.payload ?? Buffer.from('')),
    );
    expect(await verifyPack(directory)).toMatchObject({
      outcome: 'broken',
      faults: [{ file: 'pack.dsse.json', message: 'the signature does not match the public key' }],
    });
  });

  it('is refused with one clear error if the folder is not a pack', async () => {
    await expect(verifyPack(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'PACK_UNREADABLE' });
    await expect(verifyPack(tmpdir())).rejects.toMatchObject({ code: 'PACK_UNREADABLE' });
  });
});

/** Verifies the pack with one byte changed, and puts the byte back. */
async function verifiedWith(file: string, position: number, mask: number): Promise<Verification> {
  const bytes = await readFile(join(sealed, file));
  const changed = Buffer.from(bytes);
  changed[position] = (bytes[position] ?? 0) ^ mask;
  await writeFile(join(pack, file), changed);
  const verification = await verifyPack(pack);
  await writeFile(join(pack, file), bytes);
  return verification;
}
