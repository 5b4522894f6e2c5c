#!/usr/bin/env node
import { runCall } from './run-call.ts';
import { requireLinux } from './configuration/require-linux.ts';
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

requireLinux();
sealProcess();
void main(process.argv.slice(2)).then((code) => process.exit(code));
