import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { closeEnd, type Guardian, type Pipe } from './guardian.ts';
import { type OutputPump, pumpOutput } from './pump-output.ts';
import type { Redaction } from './redaction.ts';

export interface CommandRun {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** For stdout and stderr, each with a state of its own. */
  readonly redactions: readonly [Redaction, Redaction];
  /** Descriptors that the command gets beside the three standard ones, from 3 on, each good to be read once. */
  readonly descriptors: readonly number[];
  readonly guardian: Guardian;
  readonly say: (line: string) => void;
}

/** Handed on to the command. What cannot be caught, the guardian sees to. */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** How long output that a grandchild keeps open is waited for, once the command itself has ended. */
const drainMs = 2_000;

/**
 * Runs a command, without a shell, in a process group of its own, with its output redacted.
 * Resolves with its exit code, 128 + n when signal n ended it, 127 when there is no such command, 126 when it cannot be
 * run.
 */
export async function runCommand(run: CommandRun): Promise<number> {
  const [standardOutput, standardError] = run.guardian.pipes ?? [];
  const pipes = standardOutput && standardError ? ([standardOutput, standardError] as const) : null;
  const child = start(run, pipes);
  const stop = forwardSignals(child);
  try {
    const ended = endOf(child);
    if (child.pid !== undefined) run.guardian.watch(child.pid);
    for (const descriptor of [...(pipes ?? []).map(({ write }) => write), ...run.descriptors]) closeEnd(descriptor);
    const pumps = pipes === null ? pumpSockets(child, run) : pumpPipes(pipes, run);
    const code = await ended;
    await drain(pumps, run.say);
    return code;
  } finally {
    stop();
    run.guardian.dismiss();
  }
}

function start(
  { command, environment, descriptors, guardian }: CommandRun,
  pipes: readonly Pipe[] | null,
): ChildProcess {
  // Without prlimit a shell sets the limit and becomes the command. Some shells drop variables with odd names, so it
  // is not used where it is not needed.
  const limited = guardian.coreDumpsOff ? command : ['/bin/sh', '-c', 'ulimit -c 0; exec "$0" "$@"', ...command];
  const [file = '', ...parameters] = limited;
  const [output, errors] = pipes ?? [];
  return spawn(file, parameters, {
    env: { ...environment },
    stdio: ['inherit', output?.write ?? 'pipe', errors?.write ?? 'pipe', ...descriptors],
    detached: true,
  });
}

function forwardSignals(child: ChildProcess): () => void {
  const handlers = forwarded.map((signal) => {
    const handler = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, signal);
      } catch {
        // The group has ended in between.
      }
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}

function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve('code' in error && error.code === 'ENOENT' ? 127 : 126));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

function pumpPipes(pipes: readonly Pipe[], { redactions }: CommandRun): readonly OutputPump[] {
  return pipes.map(({ read }, index) => pumpOutput(read, redactions[index === 0 ? 0 : 1], index + 1));
}

/** Where there is no `mkfifo`: the sockets that Node makes, read as they come. */
function pumpSockets(child: ChildProcess, { redactions }: CommandRun): readonly OutputPump[] {
  return [child.stdout, child.stderr].map((stream, index) => {
    const redaction = redactions[index === 0 ? 0 : 1];
    const to = index === 0 ? process.stdout : process.stderr;
    const write = async (bytes: Buffer) => {
      if (!to.write(Buffer.from(bytes))) await once(to, 'drain');
    };
    const done = (async () => {
      for await (const chunk of (stream ?? []) as AsyncIterable<Buffer>) await write(redaction.push(chunk));
      await write(redaction.end());
    })();
    return { done, detach: async () => void stream?.destroy() };
  });
}

async function drain(pumps: readonly OutputPump[], say: (line: string) => void): Promise<void> {
  const all = Promise.all(pumps.map(({ done }) => done)).then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), drainMs);
  });
  if (!(await Promise.race([all, late]))) {
    say('the command has ended, but something it started keeps its output open; that is no longer followed');
    await Promise.all(pumps.map((pump) => pump.detach()));
    await all;
  }
  clearTimeout(timer);
}
