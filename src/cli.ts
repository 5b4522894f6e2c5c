#!/usr/bin/env node

// Everything else is loaded after this: on an older Node it would fail in the middle of its work, with a TypeError.
const leastNode = 22;
if (Number.parseInt(process.versions.node, 10) < leastNode) {
  process.stderr.write(`keyturn needs Node ${String(leastNode)} or newer; this is Node ${process.versions.node}.\n`);
  process.exit(2);
}
const { constants } = await import('node:os');
const { terminalLines } = await import('./command-line/terminal-lines.ts');
const { runCommandLine } = await import('./commands/run-command-line.ts');

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The first asks the command to end; a person who asks again does not want to wait for it. Node's own exit waits for a
    // read that is under way, of a pipe without end; a signal that nobody listens to does not, but for process 1.
    if (stop.signal.aborted) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
      process.exit(128 + constants.signals[signal]);
    }
    stop.abort();
  });
}

// The reader of our lines has gone (`keyturn … | head`), so the answer is incomplete and cannot be reported.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: Error & { code?: string }) => {
    if (error.code === 'EPIPE') process.exit(3);
    throw error;
  });
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  directory: process.cwd(),
  // Source of the variable: no-color.org.
  ...terminalLines(process.stdout, process.stderr, (process.env['NO_COLOR'] ?? '') === ''),
  output: process.stdout,
  input: () => process.stdin,
  isTerminal: process.stderr.isTTY,
  now: () => new Date(),
  signal: stop.signal,
  onReload: (act) => void process.on('SIGHUP', act),
});
