#!/usr/bin/env node
import { runCall } from './run-call.ts';
import { sealProcess } from './configuration/seal-process.ts';
import { exitCodeOf } from './exit-codes.ts';
import { messageOf } from './message-of.ts';
import { machineRuntime } from './runtime.ts';

/** The helper's command line. Resolves with the exit code; prints failures to stderr. */
async function main(words: readonly string[]): Promise<number> {
  const runtime = machineRuntime();
  try {
    return await runCall(words, runtime);
  } catch (error) {
    for (const line of messageOf(error)) runtime.say(line);
    return exitCodeOf(error);
  }
}

// Elsewhere there is no /proc, no memory file system and no process group to end: secrets would be left behind.
if (process.platform !== 'linux') {
  process.stderr.write(
    'keyturn-fetch: runs on Linux only; on Windows use WSL 2, on macOS a container or a virtual machine with Linux\n',
  );
  process.exit(2);
}
sealProcess();
void main(process.argv.slice(2)).then((code) => process.exit(code));
