import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { abandonedAfterMs, isFileError } from './durable-file.ts';

/**
 * The states of one record, each a file of its own that never changes: the first under the record's own name, later
 * ones as `=NAME/2`, `=NAME/3`, … beside it (a record path never contains `=`, so the names cannot collide).
 * The highest number is the record. To change it, a process links the next number, which only one process can do.
 */
export interface Generation {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** How many older generations are kept, for readers that listed them a moment ago. The first is always kept, because its name is taken. */
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

/** A number that a process is about to link. Until it is withdrawn, nobody prunes the number or the one before it. */
export interface AnnouncedNumber {
  /** Returns whether it was still announced. After a day other processes take it for abandoned. */
  withdraw(): Promise<boolean>;
}

/**
 * Announces that `number` is about to be linked. After this, a process that finds `number - 1` to be the newest still can
 * link `number` only if nobody has used it: whoever prunes from now on sees the announcement, and whoever listed the
 * generations before saw none newer than `number - 1`.
 */
export async function announceNumber(record: string, number: number): Promise<AnnouncedNumber> {
  const name = `next-${String(number)}-${String(process.pid)}-${randomBytes(8).toString('hex')}`;
  const file = join(generationsFolder(record), name);
  // Read by living processes alone, so it need not survive a power failure.
  await writeFile(file, '', { flag: 'wx', mode: 0o600 });
  return { withdraw: () => removed(file) };
}

/**
 * Prunes older generations after one was linked. Announced numbers, and what they follow, stay. Returns whether `linked` is
 * among the newest: only a process that was taken for abandoned needs to ask.
 */
export async function pruneGenerations(record: string, linked: number): Promise<boolean> {
  const folder = generationsFolder(record);
  const names = await namesIn(folder);
  const numbers = toNumbers(names);
  const oldestKept = Math.max(...numbers, linked) - kept;
  const announced = await announcedNumbers(folder, names);
  const oldestNeeded = Math.min(oldestKept, ...announced.map((number) => number - 1));
  for (const number of numbers) {
    if (number < oldestNeeded) await removed(join(folder, String(number)));
  }
  return linked >= oldestKept;
}

export async function newestNumber(record: string): Promise<number> {
  return toNumbers(await namesIn(generationsFolder(record))).reduce((highest, number) => Math.max(highest, number), 1);
}

function toNumbers(names: readonly string[]): number[] {
  return names.filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
}

/** Numbers that processes are about to link. What was announced a day ago is removed: its process died. */
async function announcedNumbers(folder: string, names: readonly string[]): Promise<number[]> {
  const announced: number[] = [];
  for (const name of names) {
    const [, number] = /^next-(\d+)-/.exec(name) ?? [];
    if (number === undefined) continue;
    const file = join(folder, name);
    const found = await stat(file).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > abandonedAfterMs) await removed(file);
    else if (found !== null) announced.push(Number(number));
  }
  return announced;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isFileError(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** Removes a file. Returns `false` if another process has removed it. */
async function removed(file: string): Promise<boolean> {
  try {
    await unlink(file);
    return true;
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return false;
    throw error;
  }
}
