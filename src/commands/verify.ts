import { resolve } from 'node:path';
import type { Verification } from '../evidence/verify/verification.ts';
import { verifyAmendments } from '../evidence/verify/verify-amendments.ts';
import { verifyChain } from '../evidence/verify/verify-chain.ts';
import { verifyPack } from '../evidence/verify/verify-pack.ts';
import { ServiceError } from '../service-error.ts';
import type { Run, Runtime } from './command.ts';
import type { verifyRow } from './evidence-rows.ts';

/** Checks packs for an auditor. */
export const verify: Run<typeof verifyRow> = async ({ values, positionals }, { directory, print, signal }) => {
  requireFingerprint(values.trust);
  const options = values.trust === undefined ? { signal } : { trust: values.trust, signal };
  const results: { readonly directory: string; readonly folder: string; readonly verification: Verification }[] = [];
  for (const given of positionals) {
    const pack = resolve(directory, given);
    const verification = await verifyPack(pack, options);
    results.push({ directory: given, folder: pack, verification });
    if (values.json) continue;
    if (positionals.length > 1) print(`${given}:`);
    printVerification(verification, print);
  }
  const bad = results.filter(({ verification }) => !isGood(verification)).map(({ directory: given }) => given);
  const chain = positionals.length === 1 ? null : verifyChain(results);
  const amendments = await verifyAmendments(results, signal);
  if (values.json) {
    const packs = results.map(({ directory: given, verification }) => ({ directory: given, ...verification }));
    print(JSON.stringify(chain === null ? results[0]?.verification : { packs, chain, amendments }));
  } else if (chain !== null) {
    for (const fault of chain.faults)
      print(`  ${fault.code}: ${fault.pack ?? 'a pack'} in ${fault.directory} ${fault.message}`);
    print(`The packs are ${chain.message}.`);
    const count = `${String(bad.length)} of ${String(results.length)} packs ${bad.length === 1 ? 'is' : 'are'}`;
    if (bad.length > 0) print(`${count} not good: ${bad.join(', ')}.`);
  }
  if (!values.json) for (const { directory: given, message } of amendments) print(`${given} ${message}.`);
  const isWhole = chain?.outcome !== 'broken' && amendments.every(({ outcome }) => outcome !== 'disagrees');
  return bad.length === 0 && isWhole ? 0 : 1;
};

/** A mistyped fingerprint must not read like a broken pack. @throws ServiceError `USAGE_WRONG`. */
function requireFingerprint(trust: string | undefined): void {
  const digits = trust
    ?.trim()
    .toLowerCase()
    .replace(/^sha256:/, '')
    .replaceAll(':', '');
  if (digits === undefined || /^[0-9a-f]{64}$/.test(digits)) return;
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

function isGood({ outcome, signer }: Verification): boolean {
  return outcome === 'intact' && signer !== 'not-trusted';
}
