import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { expect, type TestOptions } from 'vitest';
import { skipUnless } from '../skip-unless.ts';
import { type Occurrences, searchProcesses } from './jailed-memory.ts';
import { type JailedWorld, startJailedWorld, usedValue } from './jailed-world.ts';

const bearer = `Bearer ${usedValue}`;
const basic = `Basic ${Buffer.from(`job:${usedValue}`).toString('base64')}`;

/** Runs real programs in the jail and looks for the value wherever they could. */
export interface JailedPrograms {
  readonly world: JailedWorld;
  /** Whether a request has the right credential. Then the command's processes are searched while they wait for the answer. */
  readonly hasBearer: (request: IncomingMessage) => boolean;
  readonly hasBasic: (request: IncomingMessage) => boolean;
  /** Runs a script in the jail. Returns its exit code and the job's log. */
  readonly run: (script: string) => Promise<{ readonly code: number; readonly text: string }>;
  /** Writes a file that the script finds in its folder. */
  readonly write: (name: string, text: string) => void;
  /** Nothing that the command held, wrote or printed is the value; the same search finds the placeholder. */
  readonly expectNoValue: (text: string) => void;
}

export async function startJailedPrograms(...parameters: Parameters<typeof startJailedWorld>): Promise<JailedPrograms> {
  const world = await startJailedWorld(...parameters);
  let seen: Occurrences[] = [];
  const checks = (expected: string) => (request: IncomingMessage) => {
    if (request.headers.authorization !== expected) return false;
    seen.push(searchProcesses('TOKEN=keyturn-use-', [usedValue, 'keyturn-use-']));
    return true;
  };
  return {
    world,
    hasBearer: checks(bearer),
    hasBasic: checks(basic),
    async run(script) {
      seen = [];
      const job = world.startJob();
      writeFileSync(join(world.workspace, 'script.sh'), `set -eu\ncd "${world.workspace}"\n${script}\n`);
      const code = await world.use(job, ['sh', join(world.workspace, 'script.sh')]);
      return { code, text: world.logOf(job) };
    },
    write: (name, text) => writeFileSync(join(world.workspace, name), text),
    expectNoValue(text) {
      expect(seen.length).toBeGreaterThan(0);
      for (const { processes, inMemory, inEnvironment } of seen) {
        expect(processes).toBeGreaterThan(0);
        expect([inMemory[0], inEnvironment[0]]).toEqual([0, 0]);
        expect(inMemory[1]).toBeGreaterThan(0);
        expect(inEnvironment[1]).toBeGreaterThan(0);
      }
      expect(text).not.toContain(usedValue);
      expect(filesWith(world.workspace, usedValue)).toEqual([]);
    },
  };
}

function filesWith(folder: string, text: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    return entry.isFile() && readFileSync(path).includes(text) ? [path] : [];
  });
}

/** Skips a test where a program is missing. `words`: a call that succeeds where it is installed. */
export function needs(program: string, ...words: readonly [string, ...string[]]): TestOptions {
  const [file, ...rest] = words;
  const isHere = spawnSync(file, rest, { cwd: '/' }).status === 0;
  return skipUnless(isHere, `${program} is not installed on this machine`);
}
