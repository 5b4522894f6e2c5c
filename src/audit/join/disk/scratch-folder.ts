import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dayMs } from '../../../secrets/duration.ts';

const prefix = 'keyturn-join-';

/** The processes of another container, which may share the folder, cannot be seen; no join takes so long. */
const mostAgeMs = dayMs;

/**
 * Makes a folder for a join's own files, whose name says which process made it. Removes those that processes left behind
 * when they were killed, after a day.
 */
export async function createScratchFolder(now: Date, parent = tmpdir()): Promise<string> {
  await sweep(parent, now.getTime() - mostAgeMs);
  return await mkdtemp(join(parent, `${prefix}${String(process.pid)}-`));
}

async function sweep(parent: string, before: number): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = /^keyturn-join-(\d+)-/.exec(name)?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    const folder = join(parent, name);
    try {
      if ((await stat(folder)).mtimeMs < before) await rm(folder, { recursive: true, force: true });
    } catch {
      // It belongs to another user, or another join has removed it.
    }
  }
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return error instanceof Error && 'code' in error && error.code !== 'ESRCH';
  }
}
