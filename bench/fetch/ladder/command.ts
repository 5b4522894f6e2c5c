import { createHash } from 'node:crypto';
import { runBare } from '../run-bare.ts';
import { ownRequests } from './own-requests.ts';

/** The third rung: and a digest, the guardian and the command. */
const [name = '', ...command] = process.argv.slice(2);

async function read(): Promise<string> {
  const value = await ownRequests(name);
  createHash('sha256').update(name).digest('hex');
  return value;
}

void runBare(read, command).then((code) => process.exit(code));
