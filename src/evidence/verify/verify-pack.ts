import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { z } from 'zod';
import { newerVersion } from '../../records/newer-version.ts';
import { ServiceError } from '../../service-error.ts';
import { canonicalFaults, isNdjson, parsedAs, rowFaults } from './canonical-faults.ts';
import {
  type Envelope,
  computeFingerprint,
  openEnvelope,
  signatureHolds,
  statementPayloadType,
} from '../pack/dsse-envelope.ts';
import { sha256, sumLines } from '../pack/pack-file.ts';
import {
  type PackStatement,
  dataManifestFile,
  dataManifestShape,
  manifestFile,
  manifestShape,
  publicKeyFile,
  sealFile,
  statementShape,
  sumsFile,
} from '../pack/pack-statement.ts';
import { type PackReader, openPackReader } from './pack-reader.ts';
import type { PackFault, PackLink, Verification } from './verification.ts';

/**
 * Checks a pack in a folder, without network: that all files and no others are present, every byte, canonical JSON, the
 * agreement of manifests and statement, the signature, and the signer if `trust` is given: fingerprints from another
 * source, as `parseFingerprint` returns them, of which any may be the signer's.
 * `signal` ends the check.
 * @throws ServiceError `PACK_UNREADABLE` if the folder cannot be read, contains neither a seal nor a manifest, or is of a newer
 * version;
 * `CHECK_INTERRUPTED`.
 */
export async function verifyPack(
  directory: string,
  { trust, signal = new AbortController().signal }: { trust?: readonly string[]; signal?: AbortSignal } = {},
): Promise<Verification> {
  const found = await listFiles(directory);
  const reader = openPackReader(directory, signal);
  const faults: PackFault[] = [...oddEntries(found)];
  const fault = (file: string, message: string): void => void faults.push({ file, row: null, message });
  const seal = await openSeal(reader, found, fault);
  refuseNewer(directory, seal, trust);

  const digests = await compareFiles(reader, found, seal, fault);
  if (seal.envelope !== null && !seal.holds) blameForBrokenSeal(seal, digests, fault);
  if (seal.holds && seal.statement !== null) {
    const dataManifest = parsedAs(dataManifestShape, await reader.text(dataManifestFile));
    compareManifests(seal.statement, seal.manifest, dataManifest, fault);
    compareSums(seal.statement, await reader.text(sumsFile), fault);
  }
  faults.push(...(await contentFaults(reader, digests, seal.expected)));

  const fingerprint = seal.publicKey === null ? null : readFingerprint(seal.publicKey);
  const signer = judgeSigner(trust, seal.holds, fingerprint);
  if (signer === 'not-trusted')
    fault(publicKeyFile, `sealed by ${fingerprint ?? 'an unreadable key'}, which you do not trust`);
  const link = seal.holds && signer !== 'not-trusted' ? readLink(seal) : null;
  return conclude(faults, signer, fingerprint, seal.statement, { files: found.size, link });
}

/** The pack's own statements, and the digests to compare its files with. */
interface Seal {
  readonly envelope: Envelope | null;
  readonly publicKey: string | null;
  readonly statement: PackStatement | null;
  readonly manifest: ReturnType<typeof manifestShape.parse> | null;
  /** Whether the signature is valid for the public key in the pack. */
  readonly holds: boolean;
  /** Digests by path, from the statement and from the manifest. */
  readonly stated: ReadonlyMap<string, string>;
  readonly listed: ReadonlyMap<string, string>;
  readonly expected: ReadonlyMap<string, string>;
}

async function openSeal(reader: PackReader, found: ReadonlyMap<string, boolean>, fault: Report): Promise<Seal> {
  const envelope = await readSeal(reader, found, fault);
  const publicKey = await reader.text(publicKeyFile);
  const statement = envelope === null ? null : readStatement(envelope, fault);
  const manifest = parsedAs(manifestShape, await reader.text(manifestFile));
  const holds = envelope !== null && publicKey !== null && signatureHolds(envelope, publicKey);
  // A statement with an invalid signature is not trustworthy, so the manifest's digests are used.
  const stated = new Map(statement?.subject.map(({ name, digest }) => [name, digest.sha256]));
  const listed = new Map(manifest?.files.map((file) => [file.path, file.sha256]));
  const expected = holds && statement !== null ? stated : listed;
  if (!expected.has(manifestFile) && manifest === null)
    fault(manifestFile, 'is missing or is not a manifest of this format');
  return { envelope, publicKey, statement, manifest, holds, stated, listed, expected };
}

/**
 * A pack of a newer version is neither intact nor broken here: this version does not know what to hold it against. Only a seal
 * that holds, by a signer who is not refused, may say so: else a word in a file would hide that the pack was changed.
 * @throws ServiceError `PACK_UNREADABLE`.
 */
function refuseNewer(pack: string, { envelope, holds, publicKey }: Seal, trust: readonly string[] | undefined): void {
  if (envelope === null || !holds) return;
  const fingerprint = publicKey === null ? null : readFingerprint(publicKey);
  if (judgeSigner(trust, holds, fingerprint) === 'not-trusted') return;
  const reason = newerVersion(parsedAs(predicateOf, Buffer.from(envelope.payload).toString('utf8')));
  if (reason !== null) throw new ServiceError('PACK_UNREADABLE', { pack, reason });
}

const predicateOf = z.object({ predicate: z.unknown() }).transform(({ predicate }) => predicate);

/** Seal and manifest both name the key's digest. If they differ, either may have changed, so both are named. */
function blameForBrokenSeal({ stated, listed, publicKey }: Seal, digests: Digests, fault: Report): void {
  const named = [stated.get(publicKeyFile), listed.get(publicKeyFile)].filter((digest) => digest !== undefined);
  const agreeing = named.filter((digest) => digest === digests.get(publicKeyFile)).length;
  if (agreeing > 0) fault(sealFile, 'the signature does not match the public key');
  if (agreeing < named.length && publicKey !== null) fault(publicKeyFile, 'the seal was not made with this key');
}

function judgeSigner(
  trust: readonly string[] | undefined,
  holds: boolean,
  fingerprint: string | null,
): Verification['signer'] {
  if (trust === undefined) return 'not-verified';
  return holds && fingerprint !== null && trust.includes(fingerprint) ? 'trusted' : 'not-trusted';
}

/** Read only from the sealed bytes, because anyone may have changed other files in the folder. */
function readLink({ envelope, statement }: Seal): PackLink | null {
  if (envelope === null || statement === null) return null;
  const { pack, previous, amends = null, period } = statement.predicate;
  return { pack, statementSha256: sha256(envelope.payload), previous, amends, period };
}

function conclude(
  faults: readonly PackFault[],
  signer: Verification['signer'],
  fingerprint: string | null,
  statement: PackStatement | null,
  found: Pick<Verification, 'files' | 'link'>,
): Verification {
  const outcome = faults.length === 0 ? 'intact' : 'broken';
  const { pack = null, status = null, synthetic = null, reads } = statement?.predicate ?? {};
  const who = {
    trusted: 'signed by the key you trust',
    'not-verified': 'signer not verified',
    'not-trusted': 'signed by another key',
  }[signer];
  const marks = [...(status === 'provisional' ? ['provisional'] : []), ...(synthetic === true ? ['synthetic'] : [])];
  const broken = [...new Set(faults.map(({ file }) => file))].join(', ');
  const message = [outcome === 'intact' ? outcome : `broken: ${broken}`, who, ...marks].join('; ');
  const identity = { pack, status, synthetic, reads: reads?.total ?? null };
  return { outcome, message, signer, fingerprint, ...identity, ...found, faults };
}

/** Paths of all entries below a folder, with `/` between segments. */
export async function listFiles(directory: string): Promise<ReadonlyMap<string, boolean>> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    const found = new Map<string, boolean>();
    for (const entry of entries) {
      if (entry.isDirectory()) continue;
      found.set(relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'), entry.isFile());
    }
    if (found.has(sealFile) || found.has(manifestFile)) return found;
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const reason = isMissing ? 'there is no such folder' : 'the folder cannot be read';
    throw new ServiceError('PACK_UNREADABLE', { pack: directory, reason }, { cause });
  }
  throw new ServiceError('PACK_UNREADABLE', { pack: directory, reason: 'it contains neither a seal nor a manifest' });
}

function oddEntries(found: ReadonlyMap<string, boolean>): readonly PackFault[] {
  const odd = [...found].filter(([, regular]) => !regular);
  return odd.map(([file]) => ({ file, row: null, message: 'is not a regular file' }));
}

/** The files that the check itself relies on. */
const fixedFiles = [sealFile, manifestFile, dataManifestFile, publicKeyFile];

type Report = (file: string, message: string) => void;

/** SHA-256 of files, by path. */
type Digests = ReadonlyMap<string, string>;

async function readSeal(
  reader: PackReader,
  found: ReadonlyMap<string, boolean>,
  fault: Report,
): Promise<Envelope | null> {
  const bytes = await reader.bytes(sealFile);
  const envelope = bytes === null ? null : openEnvelope(bytes);
  if (!found.has(sealFile)) fault(sealFile, 'is missing: the pack is not sealed');
  else if (envelope === null) fault(sealFile, 'is not an envelope in canonical form');
  return envelope;
}

function readStatement(envelope: Envelope, fault: Report): PackStatement | null {
  const payload = Buffer.from(envelope.payload).toString('utf8');
  const statement = parsedAs(statementShape, payload);
  const canonical =
    Buffer.from(payload).equals(envelope.payload) && canonicalFaults(sealFile, `${payload}\n`).length === 0;
  if (statement !== null && canonical && envelope.payloadType === statementPayloadType) return statement;
  fault(sealFile, 'contains no statement that this release can parse');
  return null;
}

/** A file longer than its sealed length by more than this was never the sealed one; reading it could take hours. */
const mostFurtherBytes = 64 * 1024 * 1024;

/** Checks that exactly the expected files are present, with their bytes. Returns the digests of the files that were read. */
async function compareFiles(
  reader: PackReader,
  found: ReadonlyMap<string, boolean>,
  { expected, manifest }: Seal,
  fault: Report,
): Promise<Digests> {
  const lengths = new Map(manifest?.files.map(({ path, bytes }) => [path, bytes]));
  const digests = new Map<string, string>();
  for (const name of new Set([...expected.keys(), ...fixedFiles])) {
    const size = await reader.size(name);
    const sealed = expected.get(name);
    if (size === null) {
      if (sealed !== undefined) fault(name, 'is missing');
      continue;
    }
    const length = lengths.get(name) ?? 0;
    const digest = size > length + mostFurtherBytes ? null : await reader.sha256(name);
    if (digest !== null) digests.set(name, digest);
    if (digest === null) fault(name, `has ${String(size)} bytes, which is far too long`);
    else if (sealed !== undefined && digest !== sealed) fault(name, `its sha256 is ${digest}; ${sealed} was sealed`);
  }
  for (const name of found.keys()) {
    // Only the statement lists the last two: if the seal does not hold, nothing does.
    if (!expected.has(name) && ![sealFile, manifestFile, sumsFile].includes(name))
      fault(name, 'is not part of the pack');
  }
  return digests;
}

/** The manifests must list exactly what the statement seals. */
function compareManifests(
  { subject, predicate }: PackStatement,
  manifest: ReturnType<typeof manifestShape.parse> | null,
  dataManifest: ReturnType<typeof dataManifestShape.parse> | null,
  fault: Report,
): void {
  const stated = new Map(subject.map(({ name, digest }) => [name, digest.sha256]));
  const differs = (files: readonly { path: string; sha256: string }[]): boolean =>
    files.some((file) => stated.get(file.path) !== file.sha256);
  const marks = ({ pack, status, synthetic }: { pack: string; status: string; synthetic: boolean }): boolean =>
    pack === predicate.pack && status === predicate.status && synthetic === predicate.synthetic;
  if (
    manifest === null ||
    differs(manifest.files) ||
    // The manifest lists neither itself nor the sums.
    manifest.files.length !== subject.length - 2 ||
    !marks(manifest)
  ) {
    fault(manifestFile, 'does not list the files that the statement seals');
  }
  if (
    dataManifest === null ||
    differs(dataManifest.files) ||
    !marks(dataManifest) ||
    stated.get(dataManifestFile) !== predicate.dataManifestSha256
  ) {
    fault(dataManifestFile, 'does not list the files that the statement seals');
  }
}

/** The sums must be the lines of the statement, so that `sha256sum -c` checks what the seal seals. */
function compareSums({ subject }: PackStatement, sums: string | null, fault: Report): void {
  const files = subject.map(({ name, digest: { sha256: digest } }) => ({ path: name, sha256: digest }));
  if (sums !== sumLines(files.filter(({ path }) => path !== sumsFile)))
    fault(sumsFile, 'does not list the files that the statement seals');
}

/** Checks the contents: every JSON must be canonical, and a change in a file of rows is located. */
async function contentFaults(
  reader: PackReader,
  digests: Digests,
  expected: ReadonlyMap<string, string>,
): Promise<readonly PackFault[]> {
  const dataManifest = parsedAs(dataManifestShape, await reader.text(dataManifestFile));
  const faults: PackFault[] = [];
  for (const name of digests.keys()) {
    const changed = digests.get(name) !== expected.get(name) && expected.has(name);
    if (name.endsWith('.json') && name !== sealFile) {
      const text = await reader.text(name);
      if (text === null) faults.push({ file: name, row: null, message: 'is too large to check its form' });
      else faults.push(...canonicalFaults(name, text));
    }
    const rows = dataManifest?.files.find((file) => file.path === name && file.rows !== null);
    if (rows !== undefined && (changed || isNdjson(name))) {
      faults.push(...(await rowFaults(reader, rows, changed)));
    }
  }
  return faults;
}

function readFingerprint(publicKey: string): string | null {
  try {
    return computeFingerprint(publicKey);
  } catch {
    // The digest comparison has already named the file.
    return null;
  }
}
