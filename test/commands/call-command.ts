import { expect } from 'vitest';
import { outputFaults } from './output-faults.ts';
import { runCommandLine } from '../../src/commands/run-command-line.ts';
import type { ExitCode, Runtime } from '../../src/commands/command.ts';

/** What a call of the command line gave: its code, and its lines by where they went. */
export interface Called {
  readonly code: ExitCode;
  /** Lines on standard output. */
  readonly printed: readonly string[];
  /** Lines on standard error, progress left out. */
  readonly said: readonly string[];
}

/** Calls the command line as a shell would, in this process. */
export async function callCommand(words: readonly string[], runtime: Partial<Runtime> = {}): Promise<Called> {
  const printed: string[] = [];
  const said: string[] = [];
  const code = await runCommandLine(words, {
    environment: {},
    directory: process.cwd(),
    print: (line) => printed.push(line),
    say: (line) => said.push(line),
    progress: () => undefined,
    isTerminal: false,
    now: () => new Date(),
    signal: new AbortController().signal,
    ...runtime,
  });
  // Every output of every test is one that keyturn schema describes.
  if (words.includes('--json')) expect(outputFaults(words, printed)).toEqual([]);
  return { code, printed, said };
}
