import { type CommandRow, type OptionRow, type RawWords, splitAtRest } from './command-row.ts';

/**
 * Reads the words of one command without loading the parser, which would cost the fetch helper a tenth of its start.
 * Returns `null` for anything but a plain, correct call: then `parseWords` reads it, and says what is wrong.
 */
export function readPlainWords(row: CommandRow, words: readonly string[]): RawWords | null {
  const { own, rest } = splitAtRest(row, words);
  const values: Record<string, string | true> = {};
  const lists: Record<string, string[]> = {};
  const positionals: string[] = [];
  for (let at = 0; at < own.length; at += 1) {
    const word = own[at] ?? '';
    if (!word.startsWith('-')) {
      positionals.push(word);
      continue;
    }
    const equals = word.indexOf('=');
    const name = word.slice(2, equals < 0 ? undefined : equals);
    const option = Object.hasOwn(row.options, name) ? row.options[name] : undefined;
    if (!word.startsWith('--') || option === undefined) return null;
    const value = equals < 0 ? own[at + 1] : word.slice(equals + 1);
    if (option.value !== undefined && equals < 0) at += 1;
    const given = givenTo(option, value, equals >= 0);
    if (given === null) return null;
    if (option.repeats === true) (lists[name] ??= []).push(String(given));
    else values[name] = given;
  }
  const all = { ...values, ...lists };
  return isComplete(row, all, positionals) ? { values: all, positionals, rest } : null;
}

/** `isInWord`: the value follows an equals sign. `null` where it is not clear that it is the value of this option. */
function givenTo({ value: takes }: OptionRow, value: string | undefined, isInWord: boolean): string | true | null {
  if (takes === undefined) return isInWord ? null : true;
  if (value === undefined || (!isInWord && value.startsWith('-'))) return null;
  return value;
}

function isComplete(
  row: CommandRow,
  values: Readonly<Record<string, unknown>>,
  positionals: readonly string[],
): boolean {
  const taken = row.arguments ?? [];
  const few = positionals.length < taken.filter(({ required }) => required === true).length;
  const many = positionals.length > taken.length && !taken.some(({ repeats }) => repeats === true);
  const choice = taken.some(({ choices }) => choices !== undefined);
  const options = Object.entries(row.options);
  const lacks = options.some(([name, { required }]) => required === true && values[name] === undefined);
  return !few && !many && !choice && !lacks && !options.some(([, { choices }]) => choices !== undefined);
}
