import { Argument, Command, CommanderError, Option } from 'commander';
import { type CommandRow, type Program, type RawWords, splitAtRest, usagesOf } from './command-row.ts';

/** What a call asks for. */
export type Call =
  | { readonly kind: 'run'; readonly row: CommandRow; readonly words: RawWords }
  /** Help or version, to be printed. */
  | { readonly kind: 'text'; readonly text: string }
  /** `reason`: what is wrong and what was perhaps meant, without a full stop at the end if it is no whole sentence. */
  | { readonly kind: 'wrong'; readonly command: string | null; readonly reason: string };

const helpWidth = 120;

/** Reads a whole call by the rows of a program. Never throws; nothing of `process` is read or written. */
export function parseWords(program: Program, given: readonly string[]): Call {
  const words = asOptions(given);
  const [first = '--help'] = words;
  const row = program.rows.find(({ name }) => name === first);
  const { own, rest } = row === undefined ? { own: words, rest: [] } : splitAtRest(row, words);
  let text = '';
  const calls: Call[] = [];
  const root = buildProgram(program, {
    write: (piece) => void (text += piece),
    run: (called, parsed) => void calls.push(takeWords(program, called, { ...parsed, rest })),
  });
  try {
    const orHelp = own.length === 0 ? ['--help'] : [...own];
    root.parse(row === undefined && !first.startsWith('-') ? [first] : orHelp, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'text', text: text.trimEnd() };
    const option = error.code === 'commander.unknownOption' ? quoted(error) : '';
    // Without its value: that is no part of the name to look for, and may be a secret.
    if (option.includes('=') && words.includes(option))
      return parseWords(
        program,
        words.map((word) => (word === option ? nameOf(option) : word)),
      );
    return { kind: 'wrong', command: row?.name ?? null, reason: reasonOf(program, row, error) };
  }
  return calls[0] ?? { kind: 'text', text: text.trimEnd() };
}

/** Joins the lines of each paragraph, because the help breaks them itself. */
function unfold(text: string): string {
  return text.replaceAll(/(?<!\n)\n(?!\n)/g, ' ');
}

/** `help`, `help NAME` and `version` are how many people ask. */
function asOptions(words: readonly string[]): readonly string[] {
  const [first, second] = words;
  if (first === 'help') return second === undefined ? ['--help'] : [second, '--help'];
  return first === 'version' ? ['--version'] : words;
}

interface Hooks {
  readonly write: (text: string) => void;
  readonly run: (row: CommandRow, words: Omit<RawWords, 'rest'>) => void;
}

function buildProgram({ name, version, about, footer, rows }: Program, hooks: Hooks): Command {
  const root = new Command(name)
    .description(about)
    .version(version, '-v, --version', 'prints the version')
    .helpOption('-h, --help', 'prints this help')
    .helpCommand(false)
    .usage('COMMAND [OPTION]...')
    .configureOutput({
      writeOut: hooks.write,
      writeErr: () => undefined,
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
    })
    .configureHelp({
      subcommandTerm: (command) => command.name(),
      optionTerm: ({ flags }) => flags.replaceAll(/[<>]/g, ''),
      argumentTerm: (argument) => argument.name(),
    })
    .exitOverride()
    .addHelpText('after', `\n${footer}`);
  for (const row of rows) addCommand(root, row, hooks);
  return root;
}

function addCommand(root: Command, row: CommandRow, hooks: Hooks): void {
  const command = root
    .command(row.name)
    .summary(row.summary)
    .description(unfold(row.about))
    .usage(usagesOf(row).join(`\n       ${root.name()} ${row.name} `))
    .helpOption('-h, --help', 'prints this help')
    .allowExcessArguments()
    .addHelpText('after', `\n${row.examples.map((example) => `Example: ${example}`).join('\n')}`);
  for (const { name, says, required, repeats, choices } of row.arguments ?? []) {
    const word = `${name}${repeats === true ? '...' : ''}`;
    const argument = new Argument(required === true ? `<${word}>` : `[${word}]`, says);
    command.addArgument(choices === undefined ? argument : argument.choices(choices));
  }
  const options = Object.entries(row.options).map(([name, { value, says, repeats, required, choices }]) => {
    const option = new Option(value === undefined ? `--${name}` : `--${name} <${value}>`, says);
    if (choices !== undefined) option.choices(choices);
    if (required === true) option.makeOptionMandatory();
    if (repeats === true) option.argParser((word: string, before?: string[]) => [...(before ?? []), word]);
    command.addOption(option);
    return { name, option };
  });
  command.action(() => {
    const found = command.opts<Record<string, string | boolean | string[] | undefined>>();
    const values = options.map(({ name, option }) => {
      const value = found[option.attributeName()];
      // Commander reads `--no-masks` as "masks: false"; for us it is a switch like any other.
      return [name, option.negate ? value === false : value] as const;
    });
    hooks.run(row, { values: Object.fromEntries(values), positionals: command.args });
  });
}

function takeWords({ quotesWords }: Program, row: CommandRow, words: RawWords): Call {
  const taken = row.arguments ?? [];
  const excess = taken.some(({ repeats }) => repeats === true) ? undefined : words.positionals[taken.length];
  if (excess !== undefined) {
    const reason = quotesWords ? `Unexpected word '${excess}'.` : 'A word was not expected there.';
    return { kind: 'wrong', command: row.name, reason };
  }
  return { kind: 'run', row, words };
}

/** Our sentence for what commander found, which it tells by a code, and by names in quotes in its message. */
function reasonOf(program: Program, row: CommandRow | undefined, error: CommanderError): string {
  const { code, message } = error;
  const named = quoted(error);
  const meant = /Did you mean (?:one of )?(.+?)\?\)/.exec(message)?.[1];
  const hint = meant === undefined ? '' : ` Did you mean ${quoteEach(meant)}?`;
  switch (code) {
    case 'commander.unknownCommand':
      return isName(named) || program.quotesWords ? `Unknown command '${named}'.${hint}` : 'Unknown command.';
    case 'commander.unknownOption':
      return isName(named) || program.quotesWords ? `Unknown option '${named}'.${hint}` : 'Unknown option.';
    case 'commander.missingArgument':
      return `${named} is missing.`;
    case 'commander.missingMandatoryOptionValue':
      return `${optionIn(named)} is missing.`;
    case 'commander.optionMissingArgument':
      return `${optionIn(named)} needs a value: ${/<(.+)>/.exec(named)?.[1] ?? 'VALUE'}.`;
    case 'commander.invalidArgument':
      return choicesOf(row, named);
    default:
      return 'The words were not understood.';
  }
}

/** The words that a message of commander names in quotes. */
function quoted({ message }: CommanderError): string {
  return /'([^']*)'/.exec(message)?.[1] ?? '';
}

function nameOf(option: string): string {
  return option.slice(0, option.indexOf('='));
}

function choicesOf(row: CommandRow | undefined, named: string): string {
  const option = optionIn(named);
  const choices =
    row?.options[option.slice(2)]?.choices ?? row?.arguments?.find(({ choices: list }) => list !== undefined)?.choices;
  const list = choices ?? [];
  const what = option === '' ? (row?.arguments?.[0]?.name ?? 'The word') : option;
  return `${what} takes ${[list.slice(0, -1).join(', '), ...list.slice(-1)].filter((part) => part !== '').join(' or ')}.`;
}

function optionIn(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? '';
}

function quoteEach(words: string): string {
  return words
    .split(', ')
    .map((word) => `'${word}'`)
    .join(' or ');
}

function isName(word: string): boolean {
  return /^-{0,2}[a-z][a-z-]{0,30}$/.test(word);
}
