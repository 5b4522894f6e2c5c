import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FetchWorld, rowsOf } from './fetch-world.ts';

/** The page of recipes. */
export const recipePage = readFileSync('docs/how-to.md', 'utf8');

/** The command of a recipe, by its heading. */
export function recipe(heading: string): string {
  const [, section = ''] = recipePage.split(`## ${heading}\n`);
  return /```sh\n([^`]+)```/.exec(section)?.[1] ?? '';
}

/** Whether a program is installed and runs. */
export function has(command: string, ...words: string[]): boolean {
  return spawnSync(command, words, { stdio: 'ignore' }).status === 0;
}

/** A folder to put on the PATH, with the helper in it as `keyturn-fetch`. */
export function helperOnPath(world: FetchWorld): string {
  const bin = join(world.directory, 'bin');
  const helper = join(world.directory, 'keyturn-fetch.cjs');
  mkdirSync(bin);
  writeFileSync(join(bin, 'keyturn-fetch'), `#!/bin/sh\nexec '${process.execPath}' '${helper}' "$@"\n`, {
    mode: 0o755,
  });
  return bin;
}

/** Runs a script in a job, in `project`, which is its home too. */
export async function runInJob(
  world: FetchWorld,
  bin: string,
  project: string,
  script: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly log: string }> {
  const job = world.startJob();
  const code = await job.execute(['/bin/sh', '-c', `cd '${project}' && ${script}`], {
    KEYTURN_FETCH_CONFIGURATION: world.configure(),
    HOME: project,
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    ...environment,
  });
  return { code, log: rowsOf(world, job).join('\n') };
}
