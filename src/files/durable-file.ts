import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { dayMs } from '../secrets/duration.ts';

/** What a process keeps for milliseconds, a temporary file or an announcement, belongs to a dead one after this time. */
export const abandonedAfterMs = dayMs;

/**
 * Creates a file with its name and content together, or not at all: temporary file, fsync, `link()`, fsync of the folder.
 * `pending` is a folder on the same disk. Returns `false` if the name is taken; nothing has changed then.
 */
export async function linkDurably(pending: string, target: string, bytes: Uint8Array): Promise<boolean> {
  const temporary = join(pending, `${String(process.pid)}-${randomBytes(8).toString('hex')}`);
  await writeDurably(temporary, bytes);
  try {
    // `link` refuses a name that exists, in one step, also between processes; `rename` would replace it.
    await link(temporary, target);
  } catch (error) {
    if (isFileError(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await unlink(temporary);
  }
  await syncFolder(dirname(target));
  return true;
}

/** Creates one empty folder, or not at all. Returns `false` if the name is taken. */
export async function makeMarkDurably(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (isFileError(error, 'EEXIST')) return false;
    throw error;
  }
  await syncFolder(dirname(folder));
  return true;
}

/** Empties a file in one step: a reader finds all of it or nothing. */
export async function emptyDurably(pending: string, target: string): Promise<void> {
  const temporary = join(pending, `${String(process.pid)}-${randomBytes(8).toString('hex')}`);
  await writeDurably(temporary, new Uint8Array());
  await rename(temporary, target);
  await syncFolder(dirname(target));
}

/** Creates a folder under `root`, so that its name survives a power failure too. */
export async function makeFolderDurably(root: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let above = folder; above !== root; above = dirname(above)) await syncFolder(dirname(above));
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder as a file; NTFS journals names by itself.
  if (process.platform === 'win32') return;
  await using handle = await open(folder, 'r');
  await handle.sync();
}

/** Whether an error is the file system's answer of this code, such as `ENOENT`. */
export function isFileError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  await using handle = await open(path, 'wx', 0o600);
  await handle.writeFile(bytes);
  await handle.sync();
}
