import { ServiceError } from '../service-error.ts';
import { exitCodeOf } from './exit-codes.ts';
import { machineSurroundings, type Surroundings } from './surroundings.ts';

const usage = `keyturn-fetch: hands secrets of Azure Key Vault to one command, and leaves a receipt of each read.

  keyturn-fetch exec [OPTION]... -- COMMAND [ARGUMENT]...
  keyturn-fetch help

Options of exec:
  --secret ENV=[VAULT/]NAME[@VERSION]    hands a secret over in the command's environment
  --wait DURATION                        how long a new role may take to spread (2m)
  --pristine                             gives the command no environment but PATH, HOME and the like
  --keep NAME                            hands on a variable that is otherwise held back
  --no-masks                             writes no ::add-mask:: lines
`;

const commands: Readonly<Record<string, (words: readonly string[], surroundings: Surroundings) => Promise<number>>> = {
  async exec(words, surroundings) {
    const [{ parseExecOptions }, { exec }] = await Promise.all([import('./exec-options.ts'), import('./exec.ts')]);
    return await exec(parseExecOptions(words), surroundings);
  },
  help() {
    process.stdout.write(usage);
    return Promise.resolve(0);
  },
};

/** The helper's command line. Resolves with the exit code; what failed is said on stderr. */
async function main([word = '', ...rest]: readonly string[]): Promise<number> {
  const surroundings = machineSurroundings();
  try {
    const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
    if (command !== undefined) return await command(rest, surroundings);
    throw new ServiceError('COMMAND_LINE_WRONG', { place: 'the first word', reason: 'names no command' });
  } catch (error) {
    // Only our own errors are made of what is safe to print.
    surroundings.say(ServiceError.is(error) ? error.message : 'stopped by a fault of its own; nothing was run');
    return exitCodeOf(error);
  }
}

process.exit(await main(process.argv.slice(2)));
