import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { computeFingerprint, openEnvelope, sealEnvelope, withLowS } from '../../src/evidence/pack/dsse-envelope.ts';
import type { Signer } from '../../src/evidence/pack/signer.ts';
import { knownSigner } from '../evidence/order.ts';

/** One way to change a sealed pack in a folder, and a file that a check must name. */
export interface ChangeOfPack {
  readonly what: string;
  readonly names: string;
  readonly change: (pack: string) => Promise<void>;
}

const digestOf = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(file, 'utf8');
  const after = change(before);
  if (after === before) throw new Error(`Nothing was changed in ${file}.`);
  await writeFile(file, after);
}

async function flip(file: string, position: number): Promise<void> {
  const bytes = await readFile(file);
  bytes[position] = (bytes[position] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

/** Seals the pack's statement again after a change of it. */
async function sealAgain(pack: string, signer: Signer, change: (statement: string) => string): Promise<void> {
  const file = join(pack, 'pack.dsse.json');
  const envelope = openEnvelope(await readFile(file));
  const statement = change(Buffer.from(envelope?.payload ?? []).toString());
  await writeFile(file, await sealEnvelope(signer, envelope?.payloadType ?? '', Buffer.from(statement)));
}

/** Seals the pack with the key that sealed it, as one of a format that does not exist yet. */
export async function sealAsNewer(pack: string): Promise<void> {
  await sealAgain(pack, knownSigner(), (statement) => statement.replace('"format":1', '"format":2'));
}

function newSigner(): Signer {
  const { privateKey: key, publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return {
    fingerprint: computeFingerprint(pem),
    publicKey: pem,
    algorithm: 'ed25519',
    sign: (bytes) => Promise.resolve(sign(null, bytes, key)),
  };
}

/** A signer of the kind that Key Vault is. */
export function newCurveSigner(): Signer {
  const { privateKey: key, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return {
    fingerprint: computeFingerprint(pem),
    publicKey: pem,
    algorithm: 'es256',
    sign: (bytes) => Promise.resolve(withLowS(sign('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }))),
  };
}

/** Writes a file anew and seals it: what the holder of the key could do, and what still is no pack of Keyturn's. */
function resealed(name: string, change: (text: string) => string): (pack: string) => Promise<void> {
  return async (pack) => {
    const before = await readFile(join(pack, name), 'utf8');
    await edit(join(pack, name), change);
    const after = await readFile(join(pack, name), 'utf8');
    const swap = (text: string): string => text.replaceAll(digestOf(before), digestOf(after));
    await sealAgain(pack, knownSigner(), swap);
  };
}

export const changesOfPack: readonly ChangeOfPack[] = [
  {
    what: 'a grade in a row',
    names: 'retrievals.ndjson',
    change: (pack) => edit(join(pack, 'retrievals.ndjson'), (text) => text.replace('"grade":"', '"grade":"x')),
  },
  {
    what: 'a row left out',
    names: 'retrievals.ndjson',
    change: (pack) => edit(join(pack, 'retrievals.ndjson'), (text) => text.slice(text.indexOf('\n') + 1)),
  },
  {
    what: 'a row twice',
    names: 'retrievals.ndjson',
    change: (pack) => edit(join(pack, 'retrievals.ndjson'), (text) => text.slice(0, text.indexOf('\n') + 1) + text),
  },
  {
    what: 'two rows in another order',
    names: 'findings.ndjson',
    change: (pack) =>
      edit(join(pack, 'findings.ndjson'), (text) => `${text.trimEnd().split('\n').reverse().join('\n')}\n`),
  },
  {
    what: 'a cell of a table',
    names: 'retrievals.csv',
    change: (pack) => edit(join(pack, 'retrievals.csv'), (text) => text.replace('SecretGet', 'SecretSet')),
  },
  {
    what: 'the report',
    names: 'report.html',
    change: (pack) => edit(join(pack, 'report.html'), (text) => text.replace('Exceptions', 'Remarks')),
  },
  { what: 'one bit of the PDF', names: 'report.pdf', change: (pack) => flip(join(pack, 'report.pdf'), 5000) },
  {
    what: 'a finding in OSCAL',
    names: 'oscal-assessment-results.json',
    change: (pack) =>
      edit(join(pack, 'oscal-assessment-results.json'), (text) => text.replace('not-satisfied', 'satisfied')),
  },
  { what: 'a file removed', names: 'findings.ndjson', change: (pack) => rm(join(pack, 'findings.ndjson')) },
  { what: 'a file added', names: 'further.txt', change: (pack) => writeFile(join(pack, 'further.txt'), 'more') },
  {
    what: 'a file renamed',
    names: 'writes.ndjson',
    change: (pack) => rename(join(pack, 'writes.ndjson'), join(pack, 'written.ndjson')),
  },
  {
    what: 'two files overwritten',
    names: 'jobs.ndjson',
    change: (pack) =>
      writeFile(join(pack, 'refusals.ndjson'), 'x').then(() => writeFile(join(pack, 'jobs.ndjson'), 'x')),
  },
  { what: 'bytes after the end', names: 'coverage.csv', change: (pack) => appendFile(join(pack, 'coverage.csv'), ' ') },
  {
    what: 'a digest in the manifest',
    names: 'manifest.json',
    change: (pack) =>
      edit(join(pack, 'manifest.json'), (text) =>
        text.replace(/"sha256":"./, (found) => `${found.slice(0, -1)}${found.endsWith('0') ? '1' : '0'}`),
      ),
  },
  {
    what: 'a digest in SHA256SUMS',
    names: 'SHA256SUMS',
    change: (pack) => edit(join(pack, 'SHA256SUMS'), (text) => `${text.startsWith('0') ? '1' : '0'}${text.slice(1)}`),
  },
  { what: 'the seal removed', names: 'pack.dsse.json', change: (pack) => rm(join(pack, 'pack.dsse.json')) },
  {
    what: 'one bit of the signature',
    names: 'pack.dsse.json',
    change: (pack) =>
      edit(join(pack, 'pack.dsse.json'), (text) =>
        text.replace(/"sig":"./, (found) => `${found.slice(0, -1)}${found.endsWith('A') ? 'B' : 'A'}`),
      ),
  },
  {
    what: 'the statement, with the old signature',
    names: 'pack.dsse.json',
    change: (pack) =>
      edit(join(pack, 'pack.dsse.json'), (text) => {
        const payload = /"payload":"([^"]*)"/.exec(text)?.[1] ?? '';
        const stated = Buffer.from(payload, 'base64').toString().replace('"findings":9', '"findings":0');
        return text.replace(payload, Buffer.from(stated).toString('base64'));
      }),
  },
  {
    what: 'a space in the seal',
    names: 'pack.dsse.json',
    change: (pack) => edit(join(pack, 'pack.dsse.json'), (text) => text.replace(',', ', ')),
  },
  {
    what: 'another key in the pack',
    names: 'public-key.pem',
    change: (pack) => writeFile(join(pack, 'public-key.pem'), newSigner().publicKey),
  },
  {
    what: 'another key that seals, without its public key',
    names: 'pack.dsse.json',
    change: (pack) => sealAgain(pack, newSigner(), (text) => text),
  },
  {
    what: 'rows that are not canonical, sealed so',
    names: 'findings.ndjson',
    change: resealed('findings.ndjson', (text) => text.replace('{', '{ ')),
  },
  {
    what: 'a statement that leaves a file out, sealed so',
    names: 'report.html',
    change: (pack) =>
      sealAgain(pack, knownSigner(), (text) =>
        text.replace(/\{"digest":\{"sha256":"[0-9a-f]{64}"\},"name":"report.html"\},/, ''),
      ),
  },
  {
    what: 'a folder within that looks like a pack',
    names: 'inner/manifest.json',
    change: async (pack) => {
      await mkdir(join(pack, 'inner'));
      await writeFile(join(pack, 'inner', 'manifest.json'), '{}');
    },
  },
];
