import { sign, generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { computeFingerprint, openEnvelope, sealEnvelope } from '../../../src/evidence/pack/dsse-envelope.ts';
import { exportPack } from '../../../src/evidence/pack/pack-archive.ts';
import { sha256 } from '../../../src/evidence/pack/pack-file.ts';
import { producePack } from '../../../src/evidence/produce-pack.ts';
import type { Signer } from '../../../src/evidence/pack/signer.ts';
import type { PackLink } from '../../../src/evidence/verify/verification.ts';
import { type ChainVerification, type GivenPack, verifyChain } from '../../../src/evidence/verify/verify-chain.ts';
import { verifyPack } from '../../../src/evidence/verify/verify-pack.ts';
import { memoryRecords } from '../memory-records.ts';
import { knownSigner, orderOf } from '../order.ts';
import { auditedStory } from '../story.ts';

const audited = auditedStory({ reads: 3 });
const { fingerprint } = knownSigner();
let folder: string;

/** A ← B ← C in one archive, and beside them two that a second archive, which went on from A alone, made: one is called as B is. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keyturn-chain-'));
  const records = memoryRecords();
  const make = async (name: string, second: number, more: Parameters<typeof orderOf>[0] = {}): Promise<void> => {
    const now = new Date(Date.UTC(2026, 10, 3, 6, 0, second));
    const { id } = await producePack(orderOf({ records, audited, now, ...more }));
    await exportPack(more.records ?? records, id, join(folder, name));
  };
  await make('A', 1);
  const elsewhere = memoryRecords();
  for (const [path, bytes] of records.files) elsewhere.files.set(path, bytes);
  await make('B', 2);
  await make('C', 3);
  await make('B-again', 2, { records: elsewhere, audited: auditedStory({ reads: 2 }) });
  await make('other-first', 4, { records: memoryRecords() });
  await make('by-another-key', 5, { signer: newSigner() });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return {
    fingerprint: computeFingerprint(pem),
    publicKey: pem,
    algorithm: 'ed25519',
    sign: (bytes) => Promise.resolve(sign(null, bytes, privateKey)),
  };
}

/** The chain of folders in the order given, each checked as `verify` does. */
async function chainOf(names: readonly string[], trust?: string): Promise<ChainVerification> {
  const given: GivenPack[] = [];
  for (const directory of names) {
    const verification = await verifyPack(join(folder, directory), trust === undefined ? {} : { trust: [trust] });
    given.push({ directory, verification });
  }
  return verifyChain(given);
}

const faultsOf = ({ faults }: ChainVerification): readonly string[] =>
  faults.map(
    ({ code, directory, message }) => `${code} ${directory} ${message.replaceAll(/\S*\.\d{8}T06000(\d)Z/g, '<$1>')}`,
  );

describe('packs of one archive, oldest first', () => {
  it('are one chain', async () => {
    expect(await chainOf(['A', 'B', 'C'], fingerprint)).toEqual({
      outcome: 'whole',
      message: 'one chain of 3 packs; it begins with the first pack of its archive',
      follows: null,
      keyChanges: [],
      faults: [],
    });
  });

  it('may follow a pack that was not given, and names it', async () => {
    const chain = await chainOf(['B', 'C']);
    expect(chain).toMatchObject({ outcome: 'whole', follows: expect.stringMatching(/T060001Z$/) as string });
    expect(chain.message).toMatch(/^one chain of 2 packs; it follows \S+T060001Z, which was not given; signer not/);
  });

  it('are one chain even if the key changed, and says so', async () => {
    const chain = await chainOf(['B', 'C', 'by-another-key']);
    expect([chain.outcome, chain.message]).toEqual([
      'whole',
      expect.stringContaining('; sealed by 2 keys; signer not'),
    ]);
    expect(chain.keyChanges).toEqual([
      {
        pack: expect.stringMatching(/T060005Z$/) as string,
        from: fingerprint,
        to: expect.stringMatching(/^sha256:/) as string,
      },
    ]);
  });
});

describe('what is wrong with a chain', () => {
  it('is a gap if a pack in the middle is missing', async () => {
    const chain = await chainOf(['A', 'C'], fingerprint);
    expect([chain.outcome, chain.message]).toEqual(['broken', 'not one chain: gap']);
    expect(faultsOf(chain)).toEqual(['gap C follows <2>, which is not among these packs with a valid seal']);
  });

  it('is a gap if the pack in the middle was made again', async () => {
    expect(faultsOf(await chainOf(['A', 'B-again', 'C'], fingerprint))).toEqual([
      'gap C follows <2>, but the pack in B-again has different contents',
    ]);
  });

  it('is a fork if two packs follow the same one', async () => {
    expect(faultsOf(await chainOf(['A', 'B', 'B-again', 'C'], fingerprint))).toEqual([
      'remade B-again has the same name <2> as B but different contents',
      'fork B-again names <1> as its predecessor, and so does <2> in B',
    ]);
    expect(faultsOf(await chainOf(['B-again', 'B'], fingerprint)).map((one) => one.split(' ')[0])).toEqual([
      'remade',
      'fork',
    ]);
  });

  it('is a fork if two packs claim to be the first', async () => {
    expect(faultsOf(await chainOf(['A', 'B', 'other-first'], fingerprint))).toEqual([
      'fork other-first claims to be the first of its archive, and so does <1> in A',
    ]);
  });

  it('is the order if a pack is given before its predecessor', async () => {
    expect(faultsOf(await chainOf(['A', 'C', 'B'], fingerprint))).toEqual([
      'order C is given before <2> in B, which it follows',
    ]);
  });

  it('is a pack that is given twice', async () => {
    expect(faultsOf(await chainOf(['A', 'B', 'A'], fingerprint))).toEqual(['repeated A is the same pack as A']);
  });
});

describe('a pack without a valid seal', () => {
  const relied = 'no-link copy has no valid seal, so its place in the chain is unknown';
  const copy = async (): Promise<string> => {
    const directory = join(folder, 'copy');
    await rm(directory, { recursive: true, force: true });
    await cp(join(folder, 'B'), directory, { recursive: true });
    return join(directory, 'pack.dsse.json');
  };

  it('has no place in the chain if its signature is invalid, whatever it states', async () => {
    const seal = await copy();
    const envelope = openEnvelope(await readFile(seal));
    if (envelope === null) throw new Error('no envelope');
    const forger = { ...newSigner(), fingerprint };
    await writeFile(seal, await sealEnvelope(forger, envelope.payloadType, envelope.payload));
    expect(faultsOf(await chainOf(['A', 'copy', 'C']))).toEqual([
      relied,
      'gap C follows <2>, which is not among these packs with a valid seal',
    ]);
    await rm(seal);
    expect(faultsOf(await chainOf(['A', 'copy', 'C']))).toContain(relied);
  });

  it('has none if an untrusted key sealed it', async () => {
    const chain = await chainOf(['B', 'C', 'by-another-key'], fingerprint);
    expect(chain.faults).toMatchObject([{ code: 'no-link', directory: 'by-another-key', pack: null }]);
  });

  it('keeps its place if its seal is valid and another file was changed', async () => {
    await copy();
    await writeFile(join(folder, 'copy', 'coverage.csv'), 'changed');
    expect((await verifyPack(join(folder, 'copy'))).outcome).toBe('broken');
    expect(await chainOf(['A', 'copy', 'C'])).toMatchObject({ outcome: 'whole' });
  });

  it('makes no chain if it is the only pack', async () => {
    expect(verifyChain([])).toMatchObject({ outcome: 'broken', follows: null });
  });
});

describe('any packs of one archive, in any order', () => {
  const digest = (number: number): string => sha256(String(number));
  const linkOf = (number: number): PackLink => ({
    pack: `pack-${String(number)}`,
    statementSha256: digest(number),
    previous: number === 0 ? null : { pack: `pack-${String(number - 1)}`, statementSha256: digest(number - 1) },
    amends: null,
    period: { from: '2026-07-01T00:00:00.000Z', to: '2026-10-01T00:00:00.000Z' },
  });

  it('form one chain exactly if each follows the one before it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(6), { minLength: 1, maxLength: 8 }), (numbers) => {
        const given = numbers.map((number) => ({
          directory: `folder-${String(number)}`,
          verification: { link: linkOf(number), signer: 'trusted', fingerprint } as const,
        }));
        const { outcome, faults } = verifyChain(given);
        const follows = numbers.every(
          (number, position) => position === 0 || number === (numbers[position - 1] ?? 0) + 1,
        );
        expect([outcome, faults.length === 0]).toEqual(follows ? ['whole', true] : ['broken', false]);
      }),
      { numRuns: 500 },
    );
  });
});
