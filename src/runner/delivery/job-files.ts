import { accessSync, closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readSync } from 'node:fs';
import { startRedaction } from '../redaction/redaction.ts';
import type { SecretSearch } from '../redaction/search/secret-search.ts';

/**
 * The files through which a step communicates with its runner. Their contents end up on disk, in later steps and on the
 * server.
 */
const names = ['OUTPUT', 'ENV', 'STATE', 'PATH', 'STEP_SUMMARY'].flatMap((name) => [`GITHUB_${name}`, `GITEA_${name}`]);

const pieceBytes = 1_048_576;

/** The most bytes that a view uses for one byte of a secret: `\\\\u0041` within JSON within JSON. */
const mostExpansion = 10;

export interface JobFiles {
  /**
   * Removes what was written since, from every file that now contains a secret. Returns the names of those files, and
   * of any that cannot be checked.
   */
  takeBack(search: SecretSearch): readonly string[];
}

/** Records the length of each of the job's files before the command runs. */
export function watchJobFiles(environment: Readonly<Record<string, string | undefined>>): JobFiles {
  const paths = new Map<string, { name: string; length: number }>();
  for (const name of names) {
    const path = environment[name] ?? '';
    // Gitea's names refer to the same files.
    if (!path.startsWith('/') || paths.has(path) || !mayWrite(path)) continue;
    const before = lstatSync(path, { throwIfNoEntry: false });
    // A device that somebody named, such as /dev/null, keeps nothing.
    if (before?.isCharacterDevice() !== true) paths.set(path, { name, length: before?.size ?? 0 });
  }
  return {
    takeBack: (search) =>
      [...paths].flatMap(([path, { name, length }]) => (holdsSecret(path, length, search) ? [name] : [])),
  };
}

/** If this user may not write the file, neither may the command, so there is nothing to remove. */
function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

function holdsSecret(path: string, length: number, search: SecretSearch): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    // If the file is gone, there is nothing to remove. If the command made it a link or unreadable, it counts as
    // unclean, because the runner may still be able to read it.
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
  try {
    const written = fstatSync(descriptor);
    // The command put a pipe or a device in its place, which cannot be read to an end.
    if (!written.isFile()) return true;
    const found = written.size > length && endsSecret(descriptor, length, search);
    if (found) ftruncateSync(descriptor, length);
    return found;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether a secret ends after the first `length` bytes; it may have started before them, in any view. Reads in chunks,
 * because a command may have written gigabytes.
 */
function endsSecret(descriptor: number, length: number, search: SecretSearch): boolean {
  const from = Math.max(0, length - search.longest * mostExpansion);
  let found = false;
  const redaction = startRedaction(search, (to) => {
    found ||= from + to > length;
  });
  const piece = Buffer.alloc(pieceBytes);
  const ended = () => found;
  for (let at = from, count = 1; count > 0 && !ended(); at += count) {
    count = readSync(descriptor, piece, 0, piece.length, at);
    redaction.push(piece.subarray(0, count));
  }
  redaction.end();
  return ended();
}
