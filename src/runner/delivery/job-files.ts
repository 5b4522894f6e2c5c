import { accessSync, closeSync, constants, ftruncateSync, lstatSync, openSync, readSync } from 'node:fs';
import { startRedaction } from '../redaction/redaction.ts';
import type { SecretSearch } from '../redaction/search/secret-search.ts';

/** The files through which a step speaks to its runner. What is in them ends up on disk, in later steps, in the server. */
const names = ['OUTPUT', 'ENV', 'STATE', 'PATH', 'STEP_SUMMARY'].flatMap((name) => [`GITHUB_${name}`, `GITEA_${name}`]);

const pieceBytes = 1_048_576;

/** How many bytes a view takes at most for one byte of a secret: `\\\\u0041` within JSON within JSON. */
const mostExpansion = 10;

export interface JobFiles {
  /** Takes back what was written since, from every file that now holds a secret. Gives the names of those files, and of any that cannot be looked at. */
  takeBack(search: SecretSearch): readonly string[];
}

/** Remembers how long each of the job's files is before the command runs. */
export function watchJobFiles(environment: Readonly<Record<string, string | undefined>>): JobFiles {
  const paths = new Map<string, { name: string; length: number }>();
  for (const name of names) {
    const path = environment[name] ?? '';
    // Gitea's names stand for the same files.
    if (path.startsWith('/') && !paths.has(path) && mayWrite(path)) paths.set(path, { name, length: readLength(path) });
  }
  return {
    takeBack: (search) =>
      [...paths].flatMap(([path, { name, length }]) => (holdsSecret(path, length, search) ? [name] : [])),
  };
}

/** What we may not write, the command may not either: there is nothing of it to take back. */
function mayWrite(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

function readLength(path: string): number {
  try {
    return lstatSync(path).size;
  } catch {
    return 0;
  }
}

function holdsSecret(path: string, length: number, search: SecretSearch): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch (error) {
    // Gone: there is nothing to take back. Made a link or unreadable by the command: what cannot be looked at is not
    // called clean, for the runner may be able to read it.
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
  try {
    const found = endsSecret(descriptor, length, search);
    if (found) ftruncateSync(descriptor, length);
    return found;
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Whether a secret ends beyond the first `length` bytes. One may have been begun before them, in any view. Reads in
 * pieces: a command may have written gigabytes.
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
