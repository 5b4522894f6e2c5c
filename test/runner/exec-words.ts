import { typedWords } from '../../src/command-line/command-row.ts';
import { readPlainWords } from '../../src/command-line/plain-words.ts';
import { execRow } from '../../src/runner/command-rows.ts';
import { type ExecOptions, execOptions } from '../../src/runner/commands/exec-options.ts';

/** Parses the words of `exec` like the helper. */
export function parseExecOptions(words: readonly string[]): ExecOptions {
  const read = readPlainWords(execRow, words);
  if (read === null) throw new TypeError(`exec does not understand: ${words.join(' ')}`);
  return execOptions(typedWords(execRow, read));
}
