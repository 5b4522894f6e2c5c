import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { actionCall, install } from './action-inputs.ts';
import { runCall } from '../run-call.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { requireLinux } from '../configuration/require-linux.ts';
import { sealProcess } from '../configuration/seal-process.ts';
import { messageOf } from '../message-of.ts';
import { machineRuntime } from '../runtime.ts';

/** The action's step: runs the command of its inputs, or puts the helper on the PATH. Resolves with the exit code. */
async function main(): Promise<number> {
  const runtime = machineRuntime();
  try {
    const call = actionCall(runtime.environment);
    if (call !== null) return await runCall(call, runtime);
    const helper = join(dirname(fileURLToPath(import.meta.url)), 'keyturn-fetch.cjs');
    runtime.say(`${install(runtime.environment, helper, process.execPath)} is on the PATH of the following steps`);
    return 0;
  } catch (error) {
    for (const line of messageOf(error)) runtime.say(line);
    return exitCodeOf(error);
  }
}

requireLinux();
sealProcess();
process.exit(await main());
