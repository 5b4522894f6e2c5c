import { closeSync, constants, fstatSync, openSync, readFileSync, statSync } from 'node:fs';

/**
 * Opens a file that a person or a job names, for reading. A pipe, a socket and a device are not opened: one is waited for
 * without end, another never ends. The file is looked at again once it is open, since another may have taken its place.
 * @throws Error with a `code` as Node's own, or `NOT_A_FILE`
 */
export function openNamedFile(path: string): number {
  refuseOthers(statSync(path).isFile());
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    refuseOthers(fstatSync(descriptor).isFile());
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * The text of such a file; `null` if it has more than `mostBytes`.
 * @throws Error as `openNamedFile`
 */
export function readNamedFile(path: string, mostBytes: number): string | null {
  const descriptor = openNamedFile(path);
  try {
    return fstatSync(descriptor).size > mostBytes ? null : readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

function refuseOthers(isFile: boolean): void {
  if (!isFile)
    throw Object.assign(new Error('The path names something that is not a regular file.'), { code: 'NOT_A_FILE' });
}
