import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { watchParent } from '../../../src/runner/delivery/parent-watch.ts';
import { type FetchWorld, startFetchWorld } from '../fetch-world.ts';

let world: FetchWorld;
beforeAll(async () => {
  world = await startFetchWorld();
  world.cloud.vault.seed({ name: 'password', value: 'swordfish-swordfish' });
});
afterAll(() => world.stop());

/** Starts a step like a runner: a shell, the helper below it, and a command that prints its own and the helper's id. */
async function startStep(command: string) {
  const job = world.startJob();
  const told = join(world.directory, `told-${job.environment['GITHUB_RUN_ID'] ?? ''}`);
  const helper = join(world.directory, 'keyturn-fetch.cjs');
  const tell = `echo "$$ $PPID $P_FILE" > ${told}.part && mv ${told}.part ${told}; ${command}`;
  // The step continues after the helper, or the shell would exec it.
  const words = [process.execPath, helper, 'exec', '--file', 'P_FILE=password', '--', 'sh', '-c', tell];
  const step = words.map((word) => `'${word}'`).join(' ');
  const shell = spawn('/bin/sh', ['-c', `${step}; true`], {
    env: { ...job.environment, KEYTURN_FETCH_CONFIGURATION: world.configure() },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const closed = once(shell, 'close');
  let log = '';
  shell.stderr.on('data', (part: Buffer) => (log += part.toString()));
  await vi.waitFor(() => expect(existsSync(told)).toBe(true), { timeout: 120_000, interval: 20 });
  const [commandId = '', helperId = '', file = ''] = readFileSync(told, 'utf8').trim().split(' ');
  return { shell, closed, commandId: Number(commandId), helperId: Number(helperId), file, log: () => log };
}

/** The running processes of a group, without zombies (Z). */
function running(group: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    const [state, , processGroup] = /^\d+$/.test(name) ? statOf(name) : [];
    return Number(processGroup) === group && state !== 'Z' ? [Number(name)] : [];
  });
}

/** The fields of a process after its name: state, parent, process group. Source: proc(5). */
function statOf(name: string): readonly string[] {
  try {
    return readFileSync(`/proc/${name}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  } catch {
    return []; // It has ended in the meantime.
  }
}

function runs(id: number): boolean {
  const [state] = statOf(String(id));
  return state !== undefined && state !== 'Z';
}

describe('a helper whose parent was killed by a cancel on an old runner', () => {
  it.each([
    ['ends by itself', 'sleep 60'],
    ['ignores its TERM', 'trap "" TERM; sleep 60 & sleep 60; sleep 60'],
  ])('ends a command that %s, removes its file, and exits', async (_, command) => {
    const { shell, closed, commandId, helperId, file, log } = await startStep(command);
    expect([runs(commandId), runs(helperId), existsSync(file)]).toEqual([true, true, true]);
    shell.kill('SIGKILL');
    const left = () => [running(commandId), runs(helperId), existsSync(file)];
    await vi.waitFor(() => expect(left()).toEqual([[], false, false]), { timeout: 120_000, interval: 50 });
    await closed;
    expect(log()).toContain('the process that started this helper is gone');
  });

  it('continues while its parent waits for it', async () => {
    const { closed, log } = await startStep('exit 0');
    expect((await closed)[0]).toBe(0);
    expect(log()).not.toContain('is gone');
  });
});

describe('the watch of a parent', () => {
  it('is off if the parent was process 1 or in another namespace from the start', () => {
    vi.useFakeTimers();
    try {
      for (const first of [0, 1]) {
        let id = first;
        const watch = watchParent(() => id);
        id = 4711;
        vi.advanceTimersByTime(60_000);
        expect(watch.isGone()).toBe(false);
      }
    } finally {
      vi.useRealTimers();
    }
  });

  it('calls each subscriber once, also late ones, but not cancelled ones', () => {
    vi.useFakeTimers();
    try {
      let id = 4711;
      const told: string[] = [];
      const watch = watchParent(() => id);
      watch.onGone(() => told.push('early'));
      watch.onGone(() => told.push('taken back'))();
      vi.advanceTimersByTime(10_000);
      // A subreaper adopts orphans too, so the new parent need not be process 1.
      id = 815;
      vi.advanceTimersByTime(10_000);
      watch.onGone(() => told.push('late'));
      expect([watch.isGone(), told]).toEqual([true, ['early', 'late']]);
    } finally {
      vi.useRealTimers();
    }
  });
});
