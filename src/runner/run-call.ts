import { ServiceError } from '../service-error.ts';
import type { Runtime } from './runtime.ts';
import { commands, readCall } from './command-table.ts';

/**
 * Runs one call of the helper. Resolves with the exit code.
 * @throws ServiceError `COMMAND_LINE_WRONG` with the faulty command or option, never with a value; and the command's
 * errors.
 */
export async function runCall(words: readonly string[], runtime: Runtime): Promise<number> {
  const call = await readCall(words);
  if (call.kind === 'text') {
    process.stdout.write(`${call.text}\n`);
    return 0;
  }
  if (call.kind === 'wrong') {
    throw new ServiceError('COMMAND_LINE_WRONG', { place: call.command ?? 'keyturn-fetch', reason: call.reason });
  }
  const command = commands.find(({ row }) => row === call.row);
  return (await command?.run(call.words, runtime)) ?? 1;
}
