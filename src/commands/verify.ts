import { resolve } from 'node:path';
import type { Verification } from '../evidence/verify/verification.ts';
import { verifyChain } from '../evidence/verify/verify-chain.ts';
import { verifyPack } from '../evidence/verify/verify-pack.ts';
import type { Command, Surroundings } from './command.ts';
import { readWords, required } from './read-words.ts';

const help = `
keyturn verify PACK [PACK …] [--trust FINGERPRINT] [--json]

Checks a pack on this machine, without any network: every file, byte for byte, against the sealed statement.
PACK is the folder that holds manifest.json. Without --trust it can only say "intact; signer not verified": a key that
travels inside a pack proves nothing, so get the fingerprint from the operator by another way.

Of several packs, oldest first, each is checked, and then that they are one chain: that each names the sealed statement of
the one before it. The first may follow a pack that is not given.

Exit codes: 0 intact, 1 something was changed (each file is named) or the packs are not one chain (each fault is named),
3 not a pack that can be read.

Example: keyturn verify ./pack --trust SHA256:4f…
Example: keyturn verify ./2026-Q1 ./2026-Q2 ./2026-Q3 --trust SHA256:4f…
`;

/** The auditor's command. */
export const verify: Command = {
  name: 'verify',
  summary: 'checks packs, without any network',
  help,
  async run(words, { directory, print }) {
    const { values, positionals } = readWords(
      'verify',
      words,
      { trust: { type: 'string' }, json: { type: 'boolean', default: false } },
      Number.POSITIVE_INFINITY,
    );
    const trust = values.trust === undefined ? {} : { trust: values.trust };
    const [first, ...others] = positionals;
    const results: { readonly directory: string; readonly verification: Verification }[] = [];
    for (const given of [required('verify', 'PACK', first), ...others]) {
      const pack = resolve(directory, required('verify', 'PACK', given));
      const verification = await verifyPack(pack, trust);
      results.push({ directory: given, verification });
      if (values.json) continue;
      if (others.length > 0) print(`${given}:`);
      printVerification(verification, print);
    }
    const chain = others.length === 0 ? null : verifyChain(results);
    if (values.json) {
      const packs = results.map(({ directory: given, verification }) => ({ directory: given, ...verification }));
      print(JSON.stringify(chain === null ? results[0]?.verification : { packs, chain }));
    } else if (chain !== null) {
      print(`The packs are ${chain.message}.`);
      for (const fault of chain.faults)
        print(`  ${fault.code}: ${fault.pack ?? 'a pack'} in ${fault.directory} ${fault.message}`);
    }
    return results.every(({ verification }) => isGood(verification)) && chain?.outcome !== 'broken' ? 0 : 1;
  },
};

function printVerification({ message, faults, fingerprint }: Verification, print: Surroundings['print']): void {
  print(message);
  for (const { file, row, message: fault } of faults)
    print(`  ${file}${row === null ? '' : `, row ${String(row)}`}: ${fault}`);
  if (fingerprint !== null) print(`Sealed by ${fingerprint}.`);
}

function isGood({ outcome, signer }: Verification): boolean {
  return outcome === 'intact' && signer !== 'not-trusted';
}
