import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { constants as machine, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';

const directory = mkdtempSync(join(tmpdir(), 'second-interrupt-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A pipe that the command waits for without end: opened for writing once the command has opened it. */
async function heldOpen(pipe: string, command: ChildProcess): Promise<number> {
  while (command.exitCode === null) {
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK);
    } catch {
      await pause(20);
    }
  }
  throw new Error(`The command ended with ${String(command.exitCode)} before it opened the pipe.`);
}

it.each(['SIGINT', 'SIGTERM'] as const)('a second %s ends a command that does not end at the first', async (signal) => {
  const pipe = join(directory, signal);
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', pipe]);
  const jobs = join(directory, 'jobs.ndjson');
  writeFileSync(jobs, '');
  const words = ['attribute', '--retrievals', pipe, '--jobs', jobs];
  const child = spawn(process.execPath, ['src/cli.ts', ...words], { stdio: 'ignore' });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  const writer = await heldOpen(pipe, child);
  let exit: [number | null, string | null] | null = null;
  void ended.then((found) => (exit = found));
  let sent = 0;
  // Two that come at once are one to the process: until it has seen two.
  while (exit === null) {
    child.kill(signal);
    sent += 1;
    await pause(50);
  }
  closeSync(writer);
  const [code, by] = await ended;
  expect(by ?? code).toBe(by === null ? 128 + machine.signals[signal] : signal);
  expect(sent).toBeGreaterThan(1);
});
