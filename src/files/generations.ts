import { readdir, readFile, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isFileError } from './durable-file.ts';

/**
 * The states of one record, each a file of its own that never changes: the first under the record's own name, later
 * ones as `=NAME/2`, `=NAME/3`, … beside it (a record path never contains `=`, so the names cannot collide).
 * The highest number is the record. To change it, a process links the next number, which only one process can do.
 */
export interface Generation {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** How many older generations are kept: `settleGeneration` relies on it. The first is always kept, because its name is taken. */
const kept = 16;

export function generationFile(record: string, number: number): string {
  return number === 1 ? record : join(generationsFolder(record), String(number));
}

export function generationsFolder(record: string): string {
  return join(dirname(record), `=${basename(record)}`);
}

/** The newest generation, or `null` if the record does not exist. */
export async function newestGeneration(record: string): Promise<Generation | null> {
  for (;;) {
    const number = await newestNumber(record);
    try {
      return { number, bytes: await readFile(generationFile(record, number)) };
    } catch (error) {
      if (!isFileError(error, 'ENOENT', 'EISDIR', 'ENOTDIR')) throw error;
      if (number === 1) return null;
      // Pruned since it was listed, so there is a newer one.
    }
  }
}

/**
 * Prunes older generations after one was linked, and returns whether the new one counts. It does not count if the process
 * paused so long between reading and linking that its number was used and pruned meanwhile. Then more than sixteen newer
 * generations exist, and no listing misses all of them; a number that was linked in time has fewer above it.
 */
export async function settleGeneration(record: string, linked: number): Promise<boolean> {
  const folder = generationsFolder(record);
  const numbers = await numbersIn(folder);
  const oldestKept = Math.max(...numbers, linked) - kept;
  for (const number of numbers) {
    if (number < oldestKept) await unlink(join(folder, String(number))).catch(ignoreAbsent);
  }
  return linked >= oldestKept;
}

async function newestNumber(record: string): Promise<number> {
  return (await numbersIn(generationsFolder(record))).reduce((highest, number) => Math.max(highest, number), 1);
}

async function numbersIn(folder: string): Promise<number[]> {
  try {
    return (await readdir(folder)).filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
  } catch (error) {
    if (isFileError(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

function ignoreAbsent(error: unknown): void {
  // Another process prunes the same record.
  if (!isFileError(error, 'ENOENT')) throw error;
}
