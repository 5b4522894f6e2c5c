#!/usr/bin/env node
import { ServiceError } from '../service-error.ts';
import { runCall } from './run-call.ts';
import { sealProcess } from './configuration/seal-process.ts';
import { exitCodeOf } from './exit-codes.ts';
import { machineRuntime } from './runtime.ts';

/** The helper's command line. Resolves with the exit code; prints failures to stderr. */
async function main(words: readonly string[]): Promise<number> {
  const runtime = machineRuntime();
  try {
    return await runCall(words, runtime);
  } catch (error) {
    // Only Keyturn's own errors are safe to print.
    runtime.say(ServiceError.is(error) ? error.message : 'stopped by an unexpected error');
    return exitCodeOf(error);
  }
}

sealProcess();
void main(process.argv.slice(2)).then((code) => process.exit(code));
