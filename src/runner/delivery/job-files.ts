import { accessSync, closeSync, constants, ftruncateSync, lstatSync, openSync, readSync } from 'node:fs';
import type { PatternIndex } from '../redaction/pattern-index.ts';

/** The files through which a step speaks to its runner. What is in them ends up on disk, in later steps, in the server. */
const names = ['OUTPUT', 'ENV', 'STATE', 'PATH', 'STEP_SUMMARY'].flatMap((name) => [`GITHUB_${name}`, `GITEA_${name}`]);

const pieceBytes = 1_048_576;

export interface JobFiles {
  /** Takes back what was written since, from every file that now holds a secret. Gives the names of those files, and of any that cannot be looked at. */
  takeBack(index: PatternIndex): readonly string[];
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
    takeBack: (index) =>
      [...paths].flatMap(([path, { name, length }]) => (holdsSecret(path, length, index) ? [name] : [])),
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

/** Reads on from a longest pattern's length before the new part, for a secret may have been begun there. */
function holdsSecret(path: string, length: number, index: PatternIndex): boolean {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch (error) {
    // Gone: there is nothing to take back. Made a link or unreadable by the command: what cannot be looked at is not
    // called clean, for the runner may be able to read it.
    return !(error instanceof Error && 'code' in error && error.code === 'ENOENT');
  }
  try {
    const found = holdsPattern(descriptor, Math.max(0, length - index.longest), index);
    if (found) ftruncateSync(descriptor, length);
    return found;
  } finally {
    closeSync(descriptor);
  }
}

/** Reads in pieces that overlap by the longest pattern: a command may have written gigabytes. */
function holdsPattern(descriptor: number, from: number, index: PatternIndex): boolean {
  const piece = Buffer.alloc(pieceBytes + index.longest);
  for (let at = from; ; at += pieceBytes) {
    const count = readSync(descriptor, piece, 0, piece.length, at);
    if (containsPattern(piece.subarray(0, count), index)) return true;
    if (count < piece.length) return false;
  }
}

/** Whether any pattern stands in a text as a whole. */
function containsPattern(text: Buffer, index: PatternIndex): boolean {
  for (let at = index.next(text, 0, text.length); at < text.length; at = index.next(text, at + 1, text.length)) {
    if (index.startAt(text, at, text.length).whole > 0) return true;
  }
  return false;
}
