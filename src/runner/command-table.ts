import { type CommandRow, type Program, type RawWords, typedWords, type WordsOf } from '../command-line/command-row.ts';
import { completionScript, isShell } from '../command-line/completion-script.ts';
import type { Call } from '../command-line/parse-words.ts';
import { readPlainWords } from '../command-line/plain-words.ts';
import { helperVersion } from './helper-version.ts';
import type { Runtime } from './runtime.ts';
import {
  checkRow,
  doctorRow,
  envRow,
  execRow,
  helperCompletionRow,
  initRow,
  maskRow,
  mcpRow,
  outputRow,
  renderRow,
} from './command-rows.ts';

type Run<Row extends CommandRow> = (words: WordsOf<Row>, runtime: Runtime) => Promise<number>;

/** One command of the helper. */
interface HelperCommand {
  readonly row: CommandRow;
  /** Resolves with the exit code. */
  run(words: RawWords, runtime: Runtime): Promise<number>;
}

/** Every command of the helper. Each is loaded when it is called. */
export const commands: readonly HelperCommand[] = [
  command(execRow, async () => {
    const [{ execOptions }, { exec }] = await Promise.all([
      import('./commands/exec-options.ts'),
      import('./commands/exec.ts'),
    ]);
    return async (words, runtime) => await exec(execOptions(words), runtime);
  }),
  command(checkRow, async () => (await import('./commands/check.ts')).check),
  command(doctorRow, async () => (await import('./doctor/doctor.ts')).doctor),
  command(renderRow, async () => (await import('./commands/render.ts')).render),
  command(maskRow, async () => (await import('./commands/mask.ts')).mask),
  command(envRow, async () => (await import('./commands/env.ts')).env),
  command(outputRow, async () => (await import('./commands/output.ts')).output),
  command(initRow, async () => (await import('./commands/init.ts')).init),
  command(mcpRow, async () => (await import('./commands/mcp.ts')).mcp),
  command(helperCompletionRow, () => Promise.resolve(completion)),
];

/** The helper's command line. */
export const program: Program = {
  name: 'keyturn-fetch',
  version: helperVersion,
  about: 'Hands secrets of Azure Key Vault to one command, and leaves a receipt of each read.',
  footer: `keyturn-fetch COMMAND --help shows how to call a command, with an example.
Exit codes: those of the command that ran; 2 for wrong use; docs/fetch.md lists the others.`,
  rows: commands.map(({ row }) => row),
  // An unknown word may be a secret in the wrong place.
  quotesWords: false,
};

/**
 * Reads a call. Loads the full parser only for help and for calls that are not plainly correct, because jobs wait for
 * each start.
 */
export async function readCall(words: readonly string[]): Promise<Call> {
  const [name, ...rest] = words;
  const row = program.rows.find((one) => one.name === name);
  const plain = row === undefined || row.name === 'completion' ? null : readPlainWords(row, rest);
  if (row !== undefined && plain !== null) return { kind: 'run', row, words: plain };
  const { parseWords } = await import('../command-line/parse-words.ts');
  return parseWords(program, words);
}

function command<Row extends CommandRow>(row: Row, load: () => Promise<Run<Row>>): HelperCommand {
  return { row, run: async (words, runtime) => await (await load())(typedWords(row, words), runtime) };
}

function completion({ positionals }: { readonly positionals: readonly string[] }): Promise<number> {
  const [shell] = positionals;
  if (isShell(shell)) process.stdout.write(completionScript(program, shell));
  return Promise.resolve(0);
}
