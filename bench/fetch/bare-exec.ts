import { createHash } from 'node:crypto';
import { bareRequests } from './bare-requests.ts';
import { runBare } from './run-bare.ts';

/**
 * The floor of `keyturn-fetch exec`: what Node pays for two requests, one digest for the receipt, the guardian, and a
 * command on two pipes, with next to no code of the helper's: no checks, no configuration, no stamp, no receipt, no
 * redaction. The benchmark bundles it, as the helper is, and makes a single executable of it too.
 */
const [name = '', ...command] = process.argv.slice(2);

async function read(): Promise<string> {
  const value = await bareRequests(name);
  createHash('sha256').update(name).digest('hex');
  return value;
}

void runBare(read, command).then((code) => process.exit(code));
