import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceError } from '../../service-error.ts';
import { signatureHolds } from '../pack/dsse-envelope.ts';
import { openIndex, type PackSummary } from '../pack/pack-archive.ts';
import { publicKeyFile } from '../pack/pack-statement.ts';
import { openPackReader, type PackReader } from './pack-reader.ts';
import type { Verification } from './verification.ts';

/** What an archive may be found to hold against its index. */
export const archiveFaults = {
  'not-sealed': 'no public key of these packs fits the signature of the index, or it does not hold',
  'signed-by-another-key': 'another key than the one you trust signed the index',
  'not-entered': 'the index does not list the pack, or lists one of this name with other contents',
  'not-in-order': 'the packs are not in the order in which the index lists them',
} as const;

interface ArchiveFault {
  readonly code: keyof typeof archiveFaults;
  readonly message: string;
}

/** An archive's index, which lists every pack in the order of the chain. */
export interface ArchiveListing {
  /** The folder with the packs' folders. */
  readonly folder: string;
  readonly packs: readonly PackSummary[];
  readonly envelope: ReturnType<typeof openIndex>['envelope'];
}

export interface ArchiveVerification {
  readonly outcome: 'agrees' | 'disagrees';
  /** One sentence for people. */
  readonly message: string;
  readonly fingerprint: string;
  /** Names of packs in the index that are not among those given, in order. */
  readonly notGiven: readonly string[];
  readonly faults: readonly ArchiveFault[];
}

interface GivenPack {
  readonly folder: string;
  readonly verification: Pick<Verification, 'link'>;
}

const indexName = 'index.dsse.json';

/**
 * Reads the index of an archive that was copied to this machine: from the folder that a container was downloaded to, from
 * the data folder of a self-hosted service, or from the folder `archive` in either.
 * @throws ServiceError `PACK_UNREADABLE` if there is no index, `CHECK_INTERRUPTED`.
 */
export async function readArchive(directory: string, signal: AbortSignal): Promise<ArchiveListing> {
  for (const folder of [directory, join(directory, 'archive')]) {
    const reader = openPackReader(folder, signal);
    const bytes = await reader.bytes(await newestIndex(folder));
    if (bytes === null) continue;
    try {
      return { folder, ...openIndex(bytes, indexName) };
    } catch (cause) {
      if (!ServiceError.is(cause, 'RECORD_UNREADABLE')) throw cause;
      throw new ServiceError('PACK_UNREADABLE', { pack: directory, reason: `${indexName} is not an index` }, { cause });
    }
  }
  throw new ServiceError('PACK_UNREADABLE', { pack: directory, reason: `it contains no ${indexName}` });
}

/** A data folder keeps the states of a replaced record as `=NAME/2`, `=NAME/3`, …; a container has the newest as `NAME`. */
async function newestIndex(folder: string): Promise<string> {
  const names = await readdir(join(folder, `=${indexName}`)).catch(() => []);
  const numbers = names.filter((name) => /^[1-9]\d{0,8}$/.test(name)).map(Number);
  return numbers.length === 0 ? indexName : `=${indexName}/${String(Math.max(...numbers))}`;
}

/**
 * Compares packs with the index of their archive: that a key of these packs, and a trusted one if `trust` is given, signed
 * the index, and that it lists each pack with these contents, in this order.
 * @throws ServiceError `CHECK_INTERRUPTED`.
 */
export async function verifyArchive(
  { envelope, packs }: ArchiveListing,
  given: readonly GivenPack[],
  { trust, signal }: { readonly trust?: readonly string[]; readonly signal: AbortSignal },
): Promise<ArchiveVerification> {
  const faults: ArchiveFault[] = [];
  const fault = (code: ArchiveFault['code'], message: string): void => void faults.push({ code, message });
  const { fingerprint } = envelope;
  const keys = await publicKeysOf(given, signal);
  if (!keys.some((key) => signatureHolds(envelope, key)))
    fault('not-sealed', 'has a signature that no public key of these packs fits');
  if (trust !== undefined && !trust.includes(fingerprint))
    fault('signed-by-another-key', `is signed by ${fingerprint}, which you do not trust`);

  const positions = new Map(packs.map(({ statementSha256 }, position) => [statementSha256, position]));
  const found = given.flatMap(({ verification: { link } }) => (link === null ? [] : [link]));
  for (const { pack, statementSha256 } of found) {
    if (!positions.has(statementSha256)) fault('not-entered', `does not list ${pack} with these contents`);
  }
  const order = found.flatMap(({ statementSha256 }) => positions.get(statementSha256) ?? []);
  const isInOrder = order.every((position, index) => index === 0 || position > (order[index - 1] ?? position));
  if (!isInOrder) fault('not-in-order', 'lists these packs in another order');

  const digests = new Set(found.map(({ statementSha256 }) => statementSha256));
  const notGiven = packs.filter(({ statementSha256 }) => !digests.has(statementSha256)).map(({ id }) => id);
  const outcome = faults.length === 0 ? 'agrees' : 'disagrees';
  return { outcome, message: describe(packs.length, notGiven, faults), fingerprint, notGiven, faults };
}

function describe(count: number, notGiven: readonly string[], faults: readonly ArchiveFault[]): string {
  if (faults.length > 0) return faults.map(({ message }) => message).join('; ');
  const all = `lists ${String(count)} ${count === 1 ? 'pack' : 'packs'}`;
  return notGiven.length === 0 ? `${all}, all of them given` : `${all}; not given: ${notGiven.join(', ')}`;
}

async function publicKeysOf(given: readonly GivenPack[], signal: AbortSignal): Promise<readonly string[]> {
  const keys = new Set<string>();
  for (const { folder } of given) {
    const reader: PackReader = openPackReader(folder, signal);
    const key = await reader.text(publicKeyFile);
    if (key !== null) keys.add(key);
  }
  return [...keys];
}
