import { appendFileSync, closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const listName = 'keyturn-rendered.txt';

/**
 * Registers a rendered file, so that the action's last step removes it. A job without that step, or without its own
 * folder, must remove it itself.
 */
export function rememberRendered(folder: string, path: string): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  const descriptor = openSync(join(folder, listName), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    appendFileSync(descriptor, `${path}\n`);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Removes the listed files that this user owns, and the list. Returns the removed paths. An earlier step could have
 * listed any path, so files that it could not remove itself are left alone, as are links and folders.
 */
export function sweepRendered(folder: string, user: number | undefined = process.getuid?.()): readonly string[] {
  const list = join(folder, listName);
  const removed = readList(list).filter((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || !found.isFile() || found.uid !== user) return false;
    rmSync(path, { force: true });
    return true;
  });
  rmSync(list, { force: true });
  return removed;
}

function readList(list: string): readonly string[] {
  let descriptor: number;
  try {
    descriptor = openSync(list, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    // Nothing was rendered.
    return [];
  }
  try {
    if (fstatSync(descriptor).size > 1_048_576) return [];
    const paths = readFileSync(descriptor, 'utf8').split('\n');
    return [...new Set(paths)].filter((path) => path.startsWith('/') && !path.includes('\0'));
  } finally {
    closeSync(descriptor);
  }
}
