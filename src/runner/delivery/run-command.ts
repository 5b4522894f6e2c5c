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
  /** For stdout and stderr, each with a state of its own. */
  readonly redactions: readonly [Redaction, Redaction];
  /** Read ends that the command gets beside the three standard descriptors, by the number it is to have there. */
  readonly descriptors: ReadonlyMap<number, number>;
  readonly guardian: Guardian;
  /** The command ends when this helper's parent does: nobody is left who asked for it. */
  readonly parent: ParentWatch;
  readonly say: (line: string) => void;
}

/** Handed on to the command. What cannot be caught, the guardian sees to. */
const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** How long the command may take to end by itself after its TERM. */
const orphanMs = 2_000;
const lookMs = 50;

/** How long output that a grandchild keeps open is waited for, once the command itself has ended. */
const drainMs = 2_000;

/**
 * Runs a command, without a shell, in a process group of its own, with its output redacted.
 * Resolves with its exit code, 128 + n when signal n ended it, 127 when there is no such command, 126 when it cannot be
 * run.
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
    return await watchToEnd(started.child, run, pipes);
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
    const ended = waitForEnd(child);
    run.guardian.watch(child.pid ?? null, []);
    for (const descriptor of [...(pipes ?? []).map(({ write }) => write), ...run.descriptors.values()])
      closeSync(descriptor);
    const pumps = pipes === null ? pumpSockets(child, run) : pumpPipes(pipes, run);
    const code = await ended;
    // What the command started may outlive its TERM: nothing of the group is left behind.
    await orphanEnded;
    await drain(pumps, run.say);
    return code;
  } finally {
    stopWatching();
  }
}

/** Ends the command's whole group: by TERM at once, by KILL after two seconds. */
async function endOrphan(child: ChildProcess, say: (line: string) => void): Promise<void> {
  say('the process that started this helper is gone; its command is ended');
  signalGroup(child, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < orphanMs && isThere(child); waitedMs += lookMs) await wait(lookMs);
  signalGroup(child, 'SIGKILL');
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
  const highest = Math.max(2, ...descriptors.keys());
  const further = Array.from({ length: highest - 2 }, (_, index) => descriptors.get(index + 3) ?? ('ignore' as const));
  return spawn(file, parameters, {
    env: { ...environment },
    stdio: ['inherit', output?.write ?? 'pipe', errors?.write ?? 'pipe', ...further],
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

/** Returns whether there is such a group, which a signal of 0 only asks. */
function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  try {
    return pid !== undefined && process.kill(-pid, signal);
  } catch {
    return false; // The group has ended in between.
  }
}

function isThere(child: ChildProcess): boolean {
  return signalGroup(child, 0);
}

function waitForEnd(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve('code' in error && error.code === 'ENOENT' ? 127 : 126));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

function pumpPipes([output, errors]: readonly [Pipe, Pipe], { redactions }: CommandRun): readonly OutputPump[] {
  return [pumpOutput(output.read, redactions[0], outputSink(1)), pumpOutput(errors.read, redactions[1], outputSink(2))];
}

/** Where there is no `mkfifo`: the sockets that Node makes, read as they come. */
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
    return { done, detach: () => void stream?.destroy() };
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
    for (const pump of pumps) pump.detach();
    await all;
  }
  clearTimeout(timer);
}
