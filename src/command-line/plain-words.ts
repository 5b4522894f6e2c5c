import { parseArgs, type ParseArgsConfig } from 'node:util';
import { type CommandRow, type RawWords, splitAtRest } from './command-row.ts';

/**
 * Reads the words of one command without loading the parser, which would cost the fetch helper a tenth of its start.
 * Returns `null` for anything but a plain, correct call: then `parseWords` reads it, and says what is wrong.
 */
export function readPlainWords(row: CommandRow, words: readonly string[]): RawWords | null {
  const { own, rest } = splitAtRest(row, words);
  const options: NonNullable<ParseArgsConfig['options']> = {};
  for (const [name, { value, repeats }] of Object.entries(row.options)) {
    options[name] = { type: value === undefined ? 'boolean' : 'string', multiple: repeats === true };
  }
  try {
    const { values, positionals } = parseArgs({ args: [...own], options, strict: true, allowPositionals: true });
    if (!isComplete(row, values, positionals)) return null;
    return {
      values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, plain(value)])),
      positionals,
      rest,
    };
  } catch {
    // Not understood here: the full parser finds out why.
    return null;
  }
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

type Parsed = string | boolean | (string | boolean)[] | undefined;

function plain(value: Parsed): string | boolean | readonly string[] | undefined {
  return Array.isArray(value) ? value.map(String) : value;
}
