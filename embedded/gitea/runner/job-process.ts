import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';

export interface JobProcessOptions {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Takes each line of either stream as bytes (latin1), without its new line. */
  line(line: string): void;
  /** Whether a last line without a new line is kept; runners before 2.0.0 lost it. */
  readonly keepsUnfinishedLine: boolean;
  /** Told of the child as it starts, so that it can be ended with the server. */
  started(child: ChildProcess): void;
}

/**
 * Runs a command without a shell and hands on its output line by line. Resolves with its exit code, 128 + n when signal n
 * ended it, 127 when it could not be started, once both streams are closed.
 */
export async function runJobProcess(command: readonly string[], options: JobProcessOptions): Promise<number> {
  const [file, ...parameters] = command;
  if (file === undefined) throw new TypeError('A job needs a command.');
  const child = spawn(file, parameters, {
    cwd: options.directory,
    env: { ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that what the child starts ends with it.
    detached: true,
  });
  options.started(child);
  const streams = [child.stdout, child.stderr].map((stream) => handLines(stream, options));
  const code = await new Promise<number>((resolve) => {
    child.once('error', (error) => {
      options.line(`exec: ${JSON.stringify(file)}: ${error.message}`);
      resolve(127);
    });
    child.once('close', (exit, signal) => {
      resolve(exit ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
  for (const finish of streams) finish();
  return code;
}

/** Ends a child and everything in its group. */
export function killJobProcess(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended by itself in between.
  }
}

/** Returns a function to call when the stream has ended. */
function handLines(stream: Readable, options: JobProcessOptions): () => void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) options.line(line);
  });
  return () => {
    if (rest !== '' && options.keepsUnfinishedLine) options.line(rest);
  };
}
