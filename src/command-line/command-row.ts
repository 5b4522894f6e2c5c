/** One option of a command, such as `--out FILE`. */
export interface OptionRow {
  /** What stands for the value in the help, such as `FILE`. An option without it is a switch. */
  readonly value?: string;
  readonly says: string;
  /** It may be given several times. */
  readonly repeats?: true;
  readonly required?: true;
  readonly choices?: readonly string[];
}

/** One word of a command that is not an option. */
interface ArgumentRow {
  readonly name: string;
  readonly says: string;
  readonly required?: true;
  /** It takes all words that follow. */
  readonly repeats?: true;
  readonly choices?: readonly string[];
}

/** One command: how it is called, what it does and an example. Help, parsing and completion all read this row. */
export interface CommandRow {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What it does, in sentences; also what its exit codes mean where they need a word. */
  readonly about: string;
  readonly arguments?: readonly ArgumentRow[];
  readonly options: Readonly<Record<string, OptionRow>>;
  /** How it is called, where the options alone do not tell it: each without the program's and the command's name. */
  readonly usages?: readonly string[];
  /** Whole command lines. */
  readonly examples: readonly string[];
  /** What follows `--`, such as `COMMAND [ARGUMENT]...`: words for another program, which are passed on untouched. */
  readonly rest?: string;
}

/** One program: its commands, and what its help says before and after the list of them. */
export interface Program {
  readonly name: string;
  readonly version: string;
  readonly about: string;
  readonly footer: string;
  readonly rows: readonly CommandRow[];
  /** Whether a word that is not understood may be repeated in an error. It may not where it could be a secret. */
  readonly quotesWords: boolean;
}

type ValueOf<Option extends OptionRow> = Option extends { readonly repeats: true }
  ? readonly string[]
  : Option extends { readonly value: string }
    ? Option extends { readonly required: true }
      ? string
      : string | undefined
    : boolean;

/** The words of one call, read by the row of its command. */
export interface WordsOf<Row extends CommandRow> {
  readonly values: { readonly [Name in keyof Row['options']]: ValueOf<Row['options'][Name]> };
  readonly positionals: readonly string[];
  /** What followed `--`, for a row with `rest`. */
  readonly rest: readonly string[];
}

/** The words of one call, before the type of its row is known. */
export interface RawWords {
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly positionals: readonly string[];
  readonly rest: readonly string[];
}

/** Returns the words of a call with the types of its row, and `false` or an empty list for what was not given. */
export function typedWords<Row extends CommandRow>(row: Row, { values, positionals, rest }: RawWords): WordsOf<Row> {
  const filled = Object.entries(row.options).map(([name, option]) => [name, values[name] ?? whenAbsent(option)]);
  return { values: Object.fromEntries(filled) as WordsOf<Row>['values'], positionals, rest };
}

function whenAbsent({ value, repeats }: OptionRow): readonly string[] | false | undefined {
  if (repeats === true) return [];
  return value === undefined ? false : undefined;
}

/** Splits a call at the first `--` where the words after it are for another program. */
export function splitAtRest(
  row: CommandRow,
  words: readonly string[],
): { own: readonly string[]; rest: readonly string[] } {
  const end = row.rest === undefined ? -1 : words.indexOf('--');
  return end === -1 ? { own: words, rest: [] } : { own: words.slice(0, end), rest: words.slice(end + 1) };
}

/** How a command is called, one line a way. */
export function usagesOf({ arguments: taken = [], options, usages, rest }: CommandRow): readonly string[] {
  if (usages !== undefined) return usages;
  const words = taken.map(({ name, required, repeats }) => {
    const word = `${name}${repeats === true ? '...' : ''}`;
    return required === true ? word : `[${word}]`;
  });
  const given = Object.entries(options).map(([name, { value, repeats, required }]) => {
    const word = `--${name}${value === undefined ? '' : ` ${value}`}`;
    return `${required === true ? word : `[${word}]`}${repeats === true ? '...' : ''}`;
  });
  return [[...words, ...given, ...(rest === undefined ? [] : ['--', rest])].join(' ')];
}
