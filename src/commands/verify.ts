import { resolve } from 'node:path';
import { verifyPack } from '../evidence/verify-pack.ts';
import type { Command } from './command.ts';
import { readWords, required } from './read-words.ts';

const help = `
keyturn verify PACK [--trust FINGERPRINT] [--json]

Checks a pack on this machine, without any network: every file, byte for byte, against the sealed statement.
PACK is the folder that holds manifest.json. Without --trust it can only say "intact; signer not verified": a key that
travels inside a pack proves nothing, so get the fingerprint from the operator by another way.

Exit codes: 0 intact, 1 something was changed (each file is named), 3 not a pack that can be read.

Example: keyturn verify ./pack --trust SHA256:4f…
`;

/** The auditor's command. */
export const verify: Command = {
  name: 'verify',
  summary: 'checks a pack, without any network',
  help,
  async run(words, { directory, print }) {
    const { values, positionals } = readWords(
      'verify',
      words,
      { trust: { type: 'string' }, json: { type: 'boolean', default: false } },
      1,
    );
    const pack = resolve(directory, required('verify', 'PACK', positionals[0]));
    const result = await verifyPack(pack, values.trust === undefined ? {} : { trust: values.trust });
    if (values.json) {
      print(JSON.stringify(result));
    } else {
      print(result.says);
      for (const { file, row, says } of result.faults)
        print(`  ${file}${row === null ? '' : `, row ${String(row)}`}: ${says}`);
      if (result.fingerprint !== null) print(`Sealed by ${result.fingerprint}.`);
    }
    return result.outcome === 'intact' && result.signer !== 'not-trusted' ? 0 : 1;
  },
};
