import { spawn } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { startGuardian } from '../../src/runner/delivery/guardian.ts';

/**
 * Reads a value while the guardian starts, and runs a command with it on two pipes: no checks, no redaction. Resolves with the
 * command's exit code.
 */
export async function runBare(
  read: () => Promise<string>,
  [command = '', ...words]: readonly string[],
): Promise<number> {
  const guarded = startGuardian(2);
  const value = await read();
  const guardian = await guarded;
  const pipes = guardian.pipes ?? [];
  const child = spawn(command, words, {
    env: { S0: value },
    stdio: ['inherit', ...pipes.map(({ write }) => write)],
    detached: true,
  });
  for (const { read: output, write } of pipes) {
    closeSync(write);
    new Socket({ fd: output, readable: true, writable: false }).resume();
  }
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  guardian.dismiss();
  return code ?? 1;
}
