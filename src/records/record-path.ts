import { ServiceError } from '../service-error.ts';

const segment = /^[A-Za-z0-9._~-]{1,120}$/;
const longestPath = 512;

/**
 * Returns the path as it is when every store can keep a record of that name: segments `[A-Za-z0-9._~-]` joined by `/`,
 * none of them `.` or `..`, so that no path leads out of the store.
 * @throws ServiceError `RECORD_PATH_REFUSED`.
 */
export function checkedRecordPath(path: string): string {
  const refused = path.length > longestPath || path.split('/').some((part) => !segment.test(part) || isDots(part));
  if (refused) throw new ServiceError('RECORD_PATH_REFUSED', { path: path.slice(0, 80) });
  return path;
}

/** The same for what `list` takes: empty, a folder with its slash, or the beginning of a path. */
export function checkedRecordPrefix(prefix: string): string {
  if (prefix === '') return prefix;
  checkedRecordPath(prefix.endsWith('/') ? prefix.slice(0, -1) : prefix);
  return prefix;
}

/** A segment of dots alone is a step in the file system, or an end that Windows and Blob storage cut off. */
function isDots(part: string): boolean {
  return /^\.+$/.test(part) || part.endsWith('.');
}
