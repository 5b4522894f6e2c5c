import { randomBytes } from 'node:crypto';
import { harmlessLine } from '../command-line/harmless-line.ts';
import { writeAllSync } from './write-all-sync.ts';

/** What the helper needs from its machine, as one argument, so that a test can replace it. */
export interface Runtime {
  readonly environment: Readonly<Record<string, string | undefined>>;
  now(): Date;
  /** Resolves after this many milliseconds. */
  wait(milliseconds: number): Promise<void>;
  /** From 0 to below 1, only for jitter. */
  chance(): number;
  /** This many random bytes, hexadecimal. */
  readonly nonce: (bytes: number) => string;
  /** Prints one line for readers of the job's log, to stderr, never to the command's stdout. */
  readonly say: (line: string) => void;
}

/** The real ones. */
export function machineRuntime(): Runtime {
  return {
    // A copy: the process's own loses the helper's credential.
    environment: { ...process.env },
    now: () => new Date(),
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    chance: Math.random,
    nonce: (bytes) => randomBytes(bytes).toString('hex'),
    say: (line) => tell(`keyturn-fetch: ${harmlessLine(line)}\n`),
  };
}

function tell(line: string): void {
  try {
    writeAllSync(2, line);
  } catch {
    // Nobody reads the log any more; what the line is about goes on.
  }
}
