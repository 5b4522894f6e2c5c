import { ServiceError } from '../service-error.ts';
import { exitCodeOf } from './exit-codes.ts';
import { sealProcess } from './configuration/seal-process.ts';
import { machineSurroundings, type Surroundings } from './surroundings.ts';

const usage = `keyturn-fetch: hands secrets of Azure Key Vault to one command, and leaves a receipt of each read.

  keyturn-fetch exec [OPTION]... -- COMMAND [ARGUMENT]...    runs a command with secrets, its output redacted
  keyturn-fetch check [FILE] [--json]                        reads a manifest, without network
  keyturn-fetch doctor [--secret NAME] [--audit] [--json]    says what is wrong with identity, vault or runner
  keyturn-fetch render --template FILE --out PATH --secret NAME=SECRET...
  keyturn-fetch mask --secret NAME=SECRET...                 writes ::add-mask:: lines alone
  keyturn-fetch env --secret NAME=SECRET...                  into GITHUB_ENV: every later step can read it

Options of exec (SECRET is [VAULT/]NAME[@VERSION]):
  --manifest FILE          takes the secrets that a keyturn.yml asks for
  --secret ENV=SECRET      hands a secret over in the command's environment
  --file PLACE=SECRET      in a file in memory: PLACE is an absolute path, or a variable that will hold one
  --fd N=SECRET            on descriptor N (3 to 9), to be read once
  --wait DURATION          how long a new role may take to spread (2m)
  --pin-run                takes the versions that this run took first
  --pin-file FILE          the same, and keeps them in FILE, to be handed to later jobs of the run
  --retry-on CODE          reads anew and runs once more when the command ends with CODE and a secret was rotated
  --pristine               gives the command no environment but PATH, HOME and the like
  --keep NAME              hands on a variable that is otherwise held back
  --no-commands            lets no line of the command reach the runner as a command
  --no-masks               writes no ::add-mask:: lines
  --allow-disk             lets --file write where it is not memory
  --agent                  for AI agents: listed commands and descriptors only, nothing in the transcript
`;

const commands: Readonly<Record<string, (words: readonly string[], surroundings: Surroundings) => Promise<number>>> = {
  async exec(words, surroundings) {
    const [{ parseExecOptions }, { exec }] = await Promise.all([
      import('./commands/exec-options.ts'),
      import('./commands/exec.ts'),
    ]);
    return await exec(parseExecOptions(words), surroundings);
  },
  check: async (words, surroundings) => (await import('./commands/check.ts')).check(words, surroundings),
  doctor: async (words, surroundings) => (await import('./doctor/doctor.ts')).doctor(words, surroundings),
  render: async (words, surroundings) => (await import('./commands/render.ts')).render(words, surroundings),
  mask: async (words, surroundings) => (await import('./commands/mask.ts')).mask(words, surroundings),
  env: async (words, surroundings) => (await import('./commands/env.ts')).env(words, surroundings),
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
    surroundings.say(ServiceError.is(error) ? error.message : 'stopped by a fault of its own');
    return exitCodeOf(error);
  }
}

sealProcess();
void main(process.argv.slice(2)).then((code) => process.exit(code));
