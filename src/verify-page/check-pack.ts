import type { DataManifest, Manifest, PackStatement } from '../evidence/pack/pack-statement.ts';
import type { PackFault, PackLink, Verification } from '../evidence/verify/verification.ts';
import { checkRows } from './check-rows.ts';
import { isCanonical, type OpenedSeal, openSeal, parsedJson, sha256, utf8 } from './open-seal.ts';
import type { PackEntries } from './pack-entries.ts';
import { dataManifestFile, manifestFile, publicKeyFile, sealFile, sumsFile } from './pack-file-names.ts';
import { isDataManifest, isManifest } from './pack-shapes.ts';

/** What the page found of one pack. */
export interface PackCheck extends Pick<Verification, 'outcome' | 'signer' | 'fingerprint'> {
  readonly statement: PackStatement | null;
  readonly link: PackLink | null;
  /** What was checked, a sentence each. */
  readonly checked: readonly string[];
  readonly faults: readonly PackFault[];
}

/** A pack of a newer version: this page does not know what to hold it against. */
export interface NewerPack {
  readonly outcome: 'newer';
  readonly reason: string;
}

/** A file longer than its sealed length by more than this was never the sealed one. */
const mostFurtherBytes = 64 * 1024 * 1024;

/**
 * Checks a pack as `keyturn verify` does, with the browser's own cryptography: every file against the sealed statement, the
 * signature, the manifests, canonical JSON, rows against their digests. `trust`: fingerprints as `parseFingerprint`
 * returns them; empty if the person named none.
 */
export async function checkPack(
  entries: PackEntries,
  trust: readonly string[],
  tell: (doing: string) => void = () => undefined,
): Promise<PackCheck | NewerPack> {
  const faults: PackFault[] = [];
  const fault = (file: string, message: string, row: number | null = null): void =>
    void faults.push({ file, row, message });
  const text = async (name: string): Promise<string | null> => {
    const bytes = await readable(entries, name);
    return bytes === null ? null : utf8(bytes);
  };
  const seal = await readSeal(entries, await text(publicKeyFile), fault);
  const reason = newerThanThis(seal, trust);
  if (reason !== null) return { outcome: 'newer', reason };
  const sealed = sealedBy(seal, fault);
  const [listed, listedData] = [parsedJson(await text(manifestFile)), parsedJson(await text(dataManifestFile))];
  const manifest = isManifest(listed) ? listed : null;
  const dataManifest = isDataManifest(listedData) ? listedData : null;

  const expected = expectedFiles(sealed?.statement ?? null, manifest);
  if (expected.size === 0) fault(manifestFile, 'is missing or is not a manifest of this format');
  const { changed, bytes } = await checkFiles(entries, { expected, manifest }, fault, tell);
  if (sealed !== null) {
    compareManifests(sealed.statement, manifest, dataManifest, fault);
    if ((await text(sumsFile)) !== sumsOf(sealed.statement))
      fault(sumsFile, 'does not list the files that the statement seals');
  }
  const rows = await checkContents(entries, { expected, dataManifest, changed }, fault, tell);
  const fingerprint = seal?.fingerprint ?? null;
  const signer = judgeSigner(trust, sealed !== null, fingerprint);
  if (signer === 'not-trusted') fault(publicKeyFile, 'is not a key that you trust');
  return {
    outcome: faults.length === 0 ? 'intact' : 'broken',
    signer,
    fingerprint,
    statement: seal?.statement ?? null,
    link: sealed === null || signer === 'not-trusted' ? null : linkOf(sealed),
    checked: describeChecks(sealed?.algorithm ?? null, { files: expected.size, bytes, rows }),
    faults,
  };
}

/**
 * Why this page does not know the pack. Only a seal that holds, by a signer who is not refused, may say so: else a word in a
 * file would hide that the pack was changed.
 */
function newerThanThis(seal: OpenedSeal | null, trust: readonly string[]): string | null {
  if (seal === null || seal.algorithm === null) return null;
  return judgeSigner(trust, true, seal.fingerprint) === 'not-trusted' ? null : seal.newer;
}

/** A statement that the key in the pack signed. */
interface SealedStatement {
  readonly statement: PackStatement;
  readonly statementSha256: string;
  readonly algorithm: string;
}

function sealedBy(seal: OpenedSeal | null, fault: Report): SealedStatement | null {
  if (seal === null || seal.statement === null) return null;
  const { statement, statementSha256, algorithm } = seal;
  if (algorithm !== null) return { statement, statementSha256, algorithm };
  fault(sealFile, 'the signature does not match the public key');
  return null;
}

function describeChecks(
  algorithm: string | null,
  { files, bytes, rows }: { readonly files: number; readonly bytes: number; readonly rows: number },
): readonly string[] {
  const sealed = algorithm !== null;
  return [
    ...(sealed ? [`Signature: ${algorithm}, made by the key in the pack over its statement.`] : []),
    `Files: ${String(files)} of ${String(bytes)} bytes, each against its sealed SHA-256, and no further file.`,
    ...(sealed ? ['manifest.json, data-manifest.json and SHA256SUMS: they list what the statement seals.'] : []),
    `Rows: ${String(rows)}, each run against its digest; JSON and rows in their only form.`,
  ];
}

type Report = (file: string, message: string, row?: number | null) => void;

/** Bytes of a file of limited size; `null` if it is missing, too large, or not whole. */
async function readable(entries: PackEntries, name: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const entry = entries.get(name);
  return entry === undefined || entry.size > mostFurtherBytes ? null : await entry.bytes();
}

async function readSeal(entries: PackEntries, publicKey: string | null, fault: Report): Promise<OpenedSeal | null> {
  const bytes = await readable(entries, sealFile);
  const seal = bytes === null ? null : await openSeal(bytes, publicKey);
  if (!entries.has(sealFile)) fault(sealFile, 'is missing: the pack is not sealed');
  else if (seal === null) fault(sealFile, 'is not an envelope in canonical form');
  else if (seal.statement === null) fault(sealFile, 'contains no statement that this page can parse');
  return seal;
}

/** A statement with an invalid signature is not trustworthy, so the manifest's digests are used. */
function expectedFiles(statement: PackStatement | null, manifest: Manifest | null): ReadonlyMap<string, string> {
  return statement === null
    ? new Map(manifest?.files.map(({ path, sha256: digest }) => [path, digest]))
    : new Map(statement.subject.map(({ name, digest }) => [name, digest.sha256]));
}

interface SealedFiles {
  readonly expected: ReadonlyMap<string, string>;
  readonly manifest: Manifest | null;
}

async function checkFiles(
  entries: PackEntries,
  { expected, manifest }: SealedFiles,
  fault: Report,
  tell: (doing: string) => void,
): Promise<{ readonly changed: ReadonlySet<string>; readonly bytes: number }> {
  const lengths = new Map(manifest?.files.map(({ path, bytes }) => [path, bytes]));
  const changed = new Set<string>();
  let total = 0;
  for (const [name, sealed] of expected) {
    tell(name);
    const entry = entries.get(name);
    if (entry === undefined) {
      fault(name, 'is missing');
      continue;
    }
    total += entry.size;
    const isTooLong = entry.size > (lengths.get(name) ?? 0) + mostFurtherBytes;
    const bytes = isTooLong ? null : await entry.bytes();
    if (bytes === null) {
      fault(name, isTooLong ? `has ${String(entry.size)} bytes, which is far too long` : 'cannot be read whole');
    } else if ((await sha256(bytes)) !== sealed) {
      changed.add(name);
      fault(name, `its SHA-256 is not the one that was sealed, ${sealed}`);
    }
  }
  for (const name of entries.keys()) {
    if (!expected.has(name) && ![sealFile, manifestFile, sumsFile].includes(name))
      fault(name, 'is not part of the pack');
  }
  return { changed, bytes: total };
}

function compareManifests(
  { subject, predicate }: PackStatement,
  manifest: Manifest | null,
  dataManifest: DataManifest | null,
  fault: Report,
): void {
  const stated = new Map(subject.map(({ name, digest }) => [name, digest.sha256]));
  const agrees = ({ files, pack, status, synthetic }: Pick<Manifest, 'files' | 'pack' | 'status' | 'synthetic'>) =>
    files.every(({ path, sha256: digest }) => stated.get(path) === digest) &&
    pack === predicate.pack &&
    status === predicate.status &&
    synthetic === predicate.synthetic;
  // The manifest lists neither itself nor the sums.
  if (manifest === null || !agrees(manifest) || manifest.files.length !== subject.length - 2)
    fault(manifestFile, 'does not list the files that the statement seals');
  if (dataManifest === null || !agrees(dataManifest) || stated.get(dataManifestFile) !== predicate.dataManifestSha256)
    fault(dataManifestFile, 'does not list the files that the statement seals');
}

function sumsOf({ subject }: PackStatement): string {
  const files = subject.filter(({ name }) => name !== sumsFile);
  return files.map(({ name, digest }) => `${digest.sha256}  ${name}\n`).join('');
}

interface SealedContents {
  readonly expected: ReadonlyMap<string, string>;
  readonly dataManifest: DataManifest | null;
  readonly changed: ReadonlySet<string>;
}

/** Checks the form of every JSON, and each file of rows. Returns how many rows it saw. */
async function checkContents(
  entries: PackEntries,
  { expected, dataManifest, changed }: SealedContents,
  fault: Report,
  tell: (doing: string) => void,
): Promise<number> {
  let rows = 0;
  for (const name of new Set([...expected.keys(), manifestFile])) {
    if (!name.endsWith('.json') || !entries.has(name)) continue;
    const bytes = await readable(entries, name);
    const text = bytes === null ? null : utf8(bytes);
    const isWhole = text?.endsWith('\n') === true && isCanonical(parsedJson(text), text.slice(0, -1));
    if (!isWhole) fault(name, 'is not in canonical form');
  }
  for (const file of dataManifest?.files ?? []) {
    const entry = entries.get(file.path);
    if (file.rows === null || entry === undefined || entry.size > file.bytes + mostFurtherBytes) continue;
    tell(file.path);
    const bytes = await entry.bytes();
    if (bytes === null) continue;
    const { count, faults } = await checkRows(bytes, file, changed.has(file.path));
    rows += count;
    for (const one of faults) fault(file.path, one.message, one.row);
  }
  return rows;
}

function judgeSigner(trust: readonly string[], holds: boolean, fingerprint: string | null): Verification['signer'] {
  if (trust.length === 0) return 'not-verified';
  return holds && fingerprint !== null && trust.includes(fingerprint) ? 'trusted' : 'not-trusted';
}

function linkOf({ statement, statementSha256 }: SealedStatement): PackLink {
  const { pack, previous, amends = null, period } = statement.predicate;
  return { pack, statementSha256, previous, amends, period };
}
