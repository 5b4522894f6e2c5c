import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type FetchWorld, startFetchWorld } from '../fetch-world.ts';

let world: FetchWorld;
beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
});
afterAll(() => world.stop());

/**
 * What a full pipe of Linux holds at least: it has 16 pages, and begins a page where a write does not fit into the one before,
 * so that two neighbours hold more than one page. How much more depends on how much the helper reads at once.
 */
const fullPipeBytes = 8 * 4_096;

interface Running {
  readonly helper: ChildProcess;
  readonly exited: Promise<number | null>;
  /** The reading end of the helper's standard output, which nobody reads yet. */
  readonly output: number;
}

/** A helper with a command of the shell. Its standard output is a real pipe, its standard error one of this test. */
function startHelper(name: string, script: string): Running {
  const path = join(world.directory, name);
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', path]);
  const output = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const write = openSync(path, constants.O_WRONLY);
  const words = ['exec', '--no-masks', '--secret', 'P=password', '--', 'sh', '-c', script];
  const helper = spawn(process.execPath, [join(world.directory, 'keyturn-fetch.cjs'), ...words], {
    env: { ...world.startJob().environment, KEYTURN_FETCH_CONFIGURATION: world.configure() },
    stdio: ['ignore', write, 'pipe'],
  });
  closeSync(write);
  const exited = once(helper, 'exit').then(([code]) => code as number | null);
  return { helper, exited, output };
}

const soon = async (holds: () => void) => await vi.waitFor(holds, { timeout: 120_000, interval: 20 });

/** Waits until the helper has written as much as the pipe holds: nobody reads, so it can write no more. */
async function untilFull({ helper }: Running): Promise<void> {
  let before = 0;
  await soon(() => {
    const told = readFileSync(`/proc/${String(helper.pid)}/io`, 'latin1');
    const written = Number(/^wchar: (\d+)/m.exec(told)?.[1]);
    const isStill = written === before;
    before = written;
    expect(written).toBeGreaterThan(fullPipeBytes);
    expect(isStill).toBe(true);
  });
}

const rest = async ({ output }: Running) => await text(new Socket({ fd: output, readable: true, writable: false }));

describe('while the reader of its output stalls, the helper', () => {
  it('passes a signal on to the command, and its output and exit code once the reader goes on', async () => {
    const told = join(world.directory, 'told');
    const script = `trap 'echo term > ${told}; exit 9' TERM; yes "a $P" & wait`;
    const running = startHelper('stalled', script);
    await untilFull(running);
    running.helper.kill('SIGTERM');
    await soon(() => expect(existsSync(told)).toBe(true));
    const log = await rest(running);
    expect(await running.exited).toBe(9);
    expect(log).not.toContain('swordfish');
    expect(log.split('\n').filter((line) => line === 'a ***').length).toBeGreaterThan(1_000);
  });

  it('still shows what the command writes to its other stream', async () => {
    const go = join(world.directory, 'go');
    const script = `yes line & until [ -e ${go} ]; do sleep 0.02; done; echo "told $P" >&2; wait`;
    const running = startHelper('other', script);
    await untilFull(running);
    let errors = '';
    running.helper.stderr?.on('data', (part: Buffer) => (errors += part.toString()));
    execFileSync('/bin/sh', ['-c', ': > "$0"', go]);
    await soon(() => expect(errors).toContain('told ***'));
    running.helper.kill('SIGTERM');
    expect(await rest(running)).toMatch(/^line\n/m);
    expect(await running.exited).toBe(143);
  });

  it('keeps what a command that has ended printed last', async () => {
    const ended = join(world.directory, 'ended');
    // More than one pipe holds, and less than two.
    const script = `trap ': > ${ended}' EXIT; head -c 90000 /dev/zero | tr '\\0' x; echo " $P end"; exit 5`;
    const running = startHelper('ended-early', script);
    await soon(() => expect(existsSync(ended)).toBe(true));
    const log = await rest(running);
    expect(log.slice(log.indexOf('x'))).toBe(`${'x'.repeat(90_000)} *** end\n`);
    expect(await running.exited).toBe(5);
  });
});
