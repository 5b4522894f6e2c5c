import {
  appendFileSync,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { join } from 'node:path';

const renderedList = 'keyturn-rendered.txt';
const outputList = 'keyturn-outputs.txt';

/**
 * Registers a rendered file, so that the action's last step removes it. A job without that step, or without its own
 * folder, must remove it itself.
 */
export function rememberRendered(folder: string, path: string): void {
  remember(join(folder, renderedList), path);
}

/** Registers a file of step outputs that will hold secrets, so that the action's last step empties it. */
export function rememberOutput(folder: string, path: string): void {
  remember(join(folder, outputList), path);
}

function remember(list: string, path: string): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  const descriptor = openSync(list, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
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
  return sweepList(join(folder, renderedList), user, (path) => rmSync(path, { force: true }));
}

/** Empties the registered files of outputs, which a runner reads again; otherwise as `sweepRendered`. */
export function sweepOutputs(folder: string, user: number | undefined = process.getuid?.()): readonly string[] {
  return sweepList(join(folder, outputList), user, (path) => truncateSync(path, 0));
}

function sweepList(list: string, user: number | undefined, clear: (path: string) => void): readonly string[] {
  const cleared = readList(list).filter((path) => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || !found.isFile() || found.uid !== user) return false;
    clear(path);
    return true;
  });
  rmSync(list, { force: true });
  return cleared;
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
