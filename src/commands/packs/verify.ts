import { join, resolve } from 'node:path';
import { parseFingerprint } from '../../evidence/verify/parse-fingerprint.ts';
import type { Verification } from '../../evidence/verify/verification.ts';
import { type AmendmentVerification, verifyAmendments } from '../../evidence/verify/verify-amendments.ts';
import {
  type ArchiveListing,
  type ArchiveVerification,
  readArchive,
  verifyArchive,
} from '../../evidence/verify/verify-archive.ts';
import { type ChainVerification, verifyChain } from '../../evidence/verify/verify-chain.ts';
import { verifyPack } from '../../evidence/verify/verify-pack.ts';
import { ServiceError } from '../../service-error.ts';
import type { Run, Runtime } from '../command.ts';
import type { verifyRow } from '../evidence-rows.ts';

interface VerifiedPack {
  /** As given, or its name in the archive. */
  readonly directory: string;
  readonly folder: string;
  readonly verification: Verification;
}

/** Checks packs for an auditor. */
export const verify: Run<typeof verifyRow> = async ({ values, positionals }, { directory, print, signal }) => {
  const trust = values.trust.map(requireFingerprint);
  const options = trust.length === 0 ? { signal } : { trust, signal };
  const listing = values.archive === undefined ? null : await readArchive(resolve(directory, values.archive), signal);
  const places = packsToCheck(positionals, directory, listing);
  const results: VerifiedPack[] = [];
  for (const place of places) {
    const verification = await verifyPack(place.folder, options);
    results.push({ ...place, verification });
    if (values.json) continue;
    if (places.length > 1) print(`${place.directory}:`);
    printVerification(verification, print);
  }
  const verified = {
    results,
    chain: places.length === 1 ? null : verifyChain(results),
    amendments: await verifyAmendments(results, signal),
    archive: listing === null ? null : await verifyArchive(listing, results, options),
  };
  if (values.json) print(jsonOf(verified));
  else printTogether(verified, print);
  return isAllGood(verified) ? 0 : 1;
};

/** What was found of each pack, and of all of them together. */
interface Verified {
  readonly results: readonly VerifiedPack[];
  /** `null` for a single pack. */
  readonly chain: ChainVerification | null;
  readonly amendments: readonly AmendmentVerification[];
  readonly archive: ArchiveVerification | null;
}

function jsonOf({ results, chain, amendments, archive }: Verified): string {
  if (chain === null && archive === null) return JSON.stringify(results[0]?.verification);
  const packs = results.map(({ directory, verification }) => ({ directory, ...verification }));
  return JSON.stringify({ packs, chain, amendments, archive });
}

function printTogether({ results, chain, amendments, archive }: Verified, print: Runtime['print']): void {
  if (chain !== null) printChain(chain, print);
  for (const { directory, message } of amendments) print(`${directory} ${message}.`);
  if (archive !== null) print(`The archive's index ${archive.message}.`);
  const bad = results.filter(({ verification }) => !isGood(verification)).map(({ directory }) => directory);
  if (chain === null || bad.length === 0) return;
  const count = `${String(bad.length)} of ${String(results.length)} packs ${bad.length === 1 ? 'is' : 'are'}`;
  print(`${count} not good: ${bad.join(', ')}.`);
}

function isAllGood({ results, chain, amendments, archive }: Verified): boolean {
  return (
    results.every(({ verification }) => isGood(verification)) &&
    chain?.outcome !== 'broken' &&
    amendments.every(({ outcome }) => outcome !== 'disagrees') &&
    archive?.outcome !== 'disagrees'
  );
}

/** The packs that were given, or every pack of the archive. @throws ServiceError `USAGE_WRONG` if there is neither. */
function packsToCheck(
  positionals: readonly string[],
  directory: string,
  listing: ArchiveListing | null,
): readonly Omit<VerifiedPack, 'verification'>[] {
  if (positionals.length > 0)
    return positionals.map((given) => ({ directory: given, folder: resolve(directory, given) }));
  const packs = listing?.packs ?? [];
  if (packs.length === 0) {
    const reason =
      listing === null
        ? 'PACK is missing: name the folder of a pack, or of an archive with --archive.'
        : 'The archive holds no packs yet.';
    throw new ServiceError('USAGE_WRONG', { command: 'verify', reason });
  }
  // The name comes from an index whose signature is not checked yet.
  const odd = packs.find(({ id }) => !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(id));
  if (odd !== undefined) throw new ServiceError('PACK_UNREADABLE', { pack: odd.id, reason: 'no pack has such a name' });
  return packs.map(({ id }) => ({ directory: id, folder: join(listing?.folder ?? '', id) }));
}

/** A mistyped fingerprint must not read like a broken pack. @throws ServiceError `USAGE_WRONG`. */
function requireFingerprint(text: string): string {
  const fingerprint = parseFingerprint(text);
  if (fingerprint !== null) return fingerprint;
  const reason = '--trust takes a whole fingerprint: sha256: and 64 hexadecimal digits.';
  throw new ServiceError('USAGE_WRONG', { command: 'verify', reason });
}

/** The verdict comes last, where a reader looks: a pack decides how long the list of its faults is. */
function printVerification({ message, faults, fingerprint }: Verification, print: Runtime['print']): void {
  for (const { file, row, message: fault } of faults)
    print(`  ${file}${row === null ? '' : `, row ${String(row)}`}: ${fault}`);
  if (fingerprint !== null) print(`Sealed by ${fingerprint}.`);
  print(message);
}

function printChain({ faults, keyChanges, message }: ChainVerification, print: Runtime['print']): void {
  for (const fault of faults)
    print(`  ${fault.code}: ${fault.pack ?? 'a pack'} in ${fault.directory} ${fault.message}`);
  for (const { pack, from, to } of keyChanges) print(`From ${pack} on, ${to} seals in the place of ${from}.`);
  print(`The packs are ${message}.`);
}

function isGood({ outcome, signer }: Verification): boolean {
  return outcome === 'intact' && signer !== 'not-trusted';
}
