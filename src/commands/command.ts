import type { Readable, Writable } from 'node:stream';
import type { CommandRow, WordsOf } from '../command-line/command-row.ts';
import type { Tone } from '../command-line/terminal-lines.ts';

/** Where a command reads and writes: the process's own streams, or those of a test. */
export interface Runtime {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
  /** Results, for people or (`--json`) for programs. */
  readonly print: (line: string, tone?: Tone) => void;
  /** Takes the lines of a command with many results and waits for a slow reader. Without it they go to `print`. */
  readonly output?: Writable;
  /** What comes in, for a command that answers messages. A function: a stream that is looked at is opened. */
  readonly input?: () => Readable;
  /** Complaints and notes, on standard error. */
  readonly say: (line: string, tone?: Tone) => void;
  /** Progress, shown only if standard error is a terminal: each line takes the place of the one before it. */
  readonly progress: (line: string) => void;
  /** Whether standard error is a terminal, where a person reads it. */
  readonly isTerminal: boolean;
  readonly now: () => Date;
  /** Aborts when the person asks the process to end. */
  readonly signal: AbortSignal;
  /** Calls this each time that the process is asked to look at its configuration again (SIGHUP). */
  readonly onReload?: (act: () => void) => void;
}

/** 0 done · 1 the answer is no, or something was found · 2 wrong use · 3 could not reach or read. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What a command does with the words of one call, read by its row. */
export type Run<Row extends CommandRow> = (words: WordsOf<Row>, runtime: Runtime) => Promise<ExitCode>;
