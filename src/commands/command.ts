import type { Writable } from 'node:stream';

/** Where a command reads and writes: the process's own, or a test's. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  /** Results, for people or (`--json`) for programs. */
  readonly print: (line: string) => void;
  /** Where a command with many results streams them, waiting when the reader is slow; `print` is used without it. */
  readonly output?: Writable;
  /** Progress and complaints; progress only when somebody watches. */
  readonly say: (line: string) => void;
  readonly progress: (line: string) => void;
  readonly now: () => Date;
  /** Aborts when the person asks the process to end. */
  readonly signal: AbortSignal;
}

/** 0 done · 1 found something · 2 wrong use · 3 could not reach or read. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** How it is called, what it does and an example: the whole help text. */
  readonly help: string;
  run(words: readonly string[], surroundings: Surroundings): Promise<ExitCode>;
}
