import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { startGuardian } from '../../src/runner/delivery/guardian.ts';
import { bareRequests } from './bare-requests.ts';

/**
 * The floor of `keyturn-fetch exec`: what Node pays for two requests, one digest for the receipt, the guardian, and a
 * command on two pipes, with next to no code of the helper's: no checks, no configuration, no stamp, no receipt, no
 * redaction. The benchmark bundles it, as the helper is, and makes a single executable of it too.
 */
const [name = '', command = '', ...words] = process.argv.slice(2);

async function main(): Promise<number> {
  const guarded = startGuardian(2);
  const value = await bareRequests(name);
  createHash('sha256').update(name).digest('hex');
  const guardian = await guarded;
  const pipes = guardian.pipes ?? [];
  const child = spawn(command, words, {
    env: { S0: value },
    stdio: ['inherit', ...pipes.map(({ write }) => write)],
    detached: true,
  });
  for (const { read, write } of pipes) {
    closeSync(write);
    new Socket({ fd: read, readable: true, writable: false }).resume();
  }
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  guardian.dismiss();
  return code ?? 1;
}

void main().then((code) => process.exit(code));
