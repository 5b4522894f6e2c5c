#!/usr/bin/env node
import { runCommandLine } from './commands/run-command-line.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());

// Whoever read our lines has gone (`keyturn … | head`): nobody is left to tell, and no answer was given whole.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: Error & { code?: string }) => {
    if (error.code === 'EPIPE') process.exit(3);
    throw error;
  });
}

process.exitCode = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  directory: process.cwd(),
  print: (line) => process.stdout.write(`${line}\n`),
  output: process.stdout,
  say: (line) => process.stderr.write(`${line}\n`),
  progress: (line) => {
    if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
  },
  now: () => new Date(),
  signal: stop.signal,
});
