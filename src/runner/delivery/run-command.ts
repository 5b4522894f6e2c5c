import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import type { Guardian, Pipe } from './guardian.ts';
import type { ParentWatch } from './parent-watch.ts';
import { outputSink } from '../redaction/output-sink.ts';
import { type OutputPump, pumpOutput } from '../redaction/pump-output.ts';
import type { Redaction } from '../redaction/redaction.ts';

export interface CommandRun {
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** For stdout and stderr, each with its own state. */
  readonly redactions: readonly [Redaction, Redaction];
  /** Read ends for the command in addition to the three standard descriptors, by their number in the command. */
  readonly descriptors: ReadonlyMap<number, number>;
  /** Called as the command starts with a channel to it on descriptor 3, over which it can send a socket. */
  readonly openedChannel?: (child: ChildProcess) => void;
  /** Keeps the standard input of this helper from the command. */
  readonly withoutInput?: boolean;
  readonly guardian: Guardian;
  /** Called with the command's process group as soon as it exists. */
  readonly started: (group: number) => void;
  /** The command ends when this helper's parent does: nobody is left who asked for it. */
  readonly parent: ParentWatch;
  readonly say: (line: string) => void;
}

/** Forwarded to the command. The guardian handles signals that cannot be caught. */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** How long the command may take to end after TERM. */
const orphanMs = 2_000;
const lookMs = 50;

/** How long to wait for output that a grandchild keeps open after the command has ended. */
const drainMs = 2_000;

/**
 * Runs a command without a shell, in its own process group, and redacts its output. Resolves with its exit code, 128 +
 * n if signal n ended it, 127 if the command was not found, 126 if it cannot be executed; of these two it says why.
 */
export async function runCommand(run: CommandRun): Promise<number> {
  if (run.parent.isGone()) return 128 + constants.signals.SIGTERM;
  const [standardOutput, standardError] = run.guardian.pipes ?? [];
  const pipes = standardOutput && standardError ? ([standardOutput, standardError] as const) : null;
  const started: Started = { child: null };
  // Before the command starts: a signal that arrives as it does would end this helper and leave the command behind.
  const stopForwarding = forwardSignals(started);
  try {
    started.child = start(run, pipes);
    run.openedChannel?.(started.child);
    return await watchToEnd(started.child, run, pipes);
  } catch (error) {
    // Node throws some of the reasons for which a program cannot be started, and tells others by an event.
    if (started.child !== null || !isRefusal(error)) throw error;
    for (const { read, write } of pipes ?? []) for (const descriptor of [read, write]) closeSync(descriptor);
    for (const descriptor of run.descriptors.values()) closeSync(descriptor);
    return explainRefusal(error, run);
  } finally {
    stopForwarding();
  }
}

async function watchToEnd(child: ChildProcess, run: CommandRun, pipes: readonly [Pipe, Pipe] | null): Promise<number> {
  let orphanEnded: Promise<void> = Promise.resolve();
  const stopWatching = run.parent.onGone(() => {
    orphanEnded = endOrphan(child, run.say);
  });
  try {
    const ended = waitForEnd(child, run);
    run.guardian.watch(child.pid ?? null, []);
    if (child.pid !== undefined) run.started(child.pid);
    for (const descriptor of [...(pipes ?? []).map(({ write }) => write), ...run.descriptors.values()])
      closeSync(descriptor);
    const pumps = pipes === null ? pumpSockets(child, run) : pumpPipes(pipes, run);
    const code = await ended;
    // Processes that the command started may outlive its TERM, so the whole group is ended.
    await orphanEnded;
    await drain(pumps, run.say);
    return code;
  } finally {
    stopWatching();
  }
}

/** Ends the command's whole group: with TERM at once, with KILL after two seconds. */
async function endOrphan(child: ChildProcess, say: (line: string) => void): Promise<void> {
  say('the process that started this helper is gone; ending its command');
  signalGroup(child, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < orphanMs && isThere(child); waitedMs += lookMs) await wait(lookMs);
  signalGroup(child, 'SIGKILL');
}

function start(
  { command, environment, descriptors, openedChannel, withoutInput, guardian }: CommandRun,
  pipes: readonly Pipe[] | null,
): ChildProcess {
  // Without prlimit a shell sets the limit and becomes the command. Some shells drop variables with unusual names, so
  // it is only used if needed.
  const limited = guardian.coreDumpsOff ? command : ['/bin/sh', '-c', 'ulimit -c 0; exec "$0" "$@"', ...command];
  const [file = '', ...parameters] = limited;
  const [output, errors] = pipes ?? [];
  const highest = Math.max(2, ...descriptors.keys());
  const further = Array.from({ length: highest - 2 }, (_, index) => descriptors.get(index + 3) ?? ('ignore' as const));
  const standard = [
    withoutInput === true ? 'ignore' : 'inherit',
    output?.write ?? 'pipe',
    errors?.write ?? 'pipe',
  ] as const;
  const channel = openedChannel === undefined ? further : ['ipc' as const, ...further.slice(1)];
  return spawn(file, parameters, {
    env: { ...environment },
    stdio: [...standard, ...channel],
    detached: true,
  });
}

/** The command, once it runs: handlers of signals are called between turns, so never before it is set. */
interface Started {
  child: ChildProcess | null;
}

function forwardSignals(started: Started): () => void {
  const handlers = forwarded.map((signal) => {
    const handler = () => {
      if (started.child !== null) signalGroup(started.child, signal);
    };
    process.on(signal, handler);
    return () => process.off(signal, handler);
  });
  return () => {
    for (const remove of handlers) remove();
  };
}

/** Returns whether the group exists; signal 0 only checks. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal);
  } catch {
    return false; // The group has ended in the meantime.
  }
}

function isThere(child: ChildProcess): boolean {
  return signalGroup(child, 0);
}

function waitForEnd(child: ChildProcess, run: CommandRun): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(explainRefusal(error, run)));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

/** Whether the system refused to start a program: then its error names a system call. */
function isRefusal(error: unknown): error is Error & { readonly code?: unknown } {
  return error instanceof Error && 'syscall' in error;
}

/** Says why the command did not start. Returns the exit code that a shell would give. */
function explainRefusal(error: Error & { readonly code?: unknown }, { command: [name = ''], say }: CommandRun): number {
  if (error.code === 'ENOENT') {
    say(`the command was not found, or the interpreter that its first line names: ${name}`);
    return 127;
  }
  say(`the command cannot be executed (${String(error.code)}): ${name}`);
  return 126;
}

function pumpPipes([output, errors]: readonly [Pipe, Pipe], { redactions }: CommandRun): readonly OutputPump[] {
  return [pumpOutput(output.read, redactions[0], outputSink(1)), pumpOutput(errors.read, redactions[1], outputSink(2))];
}

/** Without `mkfifo`: Node's own sockets, read as data arrives. */
function pumpSockets(child: ChildProcess, { redactions }: CommandRun): readonly OutputPump[] {
  return ([1, 2] as const).map((descriptor): OutputPump => {
    const stream = descriptor === 1 ? child.stdout : child.stderr;
    const redaction = redactions[descriptor === 1 ? 0 : 1];
    const sink = outputSink(descriptor);
    const done = (async () => {
      for await (const chunk of (stream ?? []) as AsyncIterable<Buffer>) {
        if (!sink.write(redaction.push(chunk))) await sink.taken();
      }
      sink.write(redaction.end());
      await sink.taken();
    })();
    return {
      done,
      detach() {
        stream?.destroy();
        return Promise.resolve(true);
      },
    };
  });
}

async function drain(pumps: readonly OutputPump[], say: (line: string) => void): Promise<void> {
  const all = Promise.all(pumps.map(({ done }) => done)).then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), drainMs);
  });
  if (!(await Promise.race([all, late]))) {
    const areOpen = await Promise.all(pumps.map((pump) => pump.detach()));
    if (areOpen.includes(true))
      say('the command has ended, but a process that it started keeps the output open; not reading it any longer');
    await all;
  }
  clearTimeout(timer);
}
