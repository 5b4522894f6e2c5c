import { randomBytes } from 'node:crypto';
import { readdir, readFile, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { abandonedAfterMs, emptyDurably, isFileError } from './durable-file.ts';

/**
 * The states of one record, each a file of its own that never changes: the first under the record's own name, later
 * ones as `=NAME/2`, `=NAME/3`, … beside it (a record path never contains `=`, so the names cannot collide).
 * The highest number is the record. To change it, a process links the next number, which only one process can do.
 * A number that is an empty folder says that the record was removed; a file with the next number creates it again.
 */
export interface Generation {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** What the highest number of a record is. `number` is 0 if the record never existed. */
export type NewestGeneration =
  | ({ readonly kind: 'record' } & Generation)
  | { readonly kind: 'removed' | 'absent'; readonly number: number };

/** How many older generations are kept, for readers that listed them a moment ago. The first is always kept, because its name is taken. */
const kept = 16;

export function generationFile(record: string, number: number): string {
  return number === 1 ? record : join(generationsFolder(record), String(number));
}

export function generationsFolder(record: string): string {
  return join(dirname(record), `=${basename(record)}`);
}

/** The newest generation of a record, whatever it is. */
export async function newestGeneration(record: string): Promise<NewestGeneration> {
  for (;;) {
    const number = await newestNumber(record);
    try {
      const bytes = await readFile(generationFile(record, number));
      // A record that was removed keeps its name as an empty file: only a number listed afterwards tells the two apart.
      if (bytes.length === 0 && (await newestNumber(record)) !== number) continue;
      return { kind: 'record', number, bytes };
    } catch (error) {
      if (!isFileError(error, 'ENOENT', 'EISDIR', 'ENOTDIR')) throw error;
      if (number === 1) return { kind: 'absent', number: 0 };
      if (isFileError(error, 'EISDIR')) return { kind: 'removed', number };
      // Pruned since it was listed, so there is a newer one.
    }
  }
}

/** Whether a name that is taken is one that a removed record left. */
export async function isRemoved(record: string): Promise<boolean> {
  const number = await newestNumber(record);
  return number > 1 && (await isFolder(generationFile(record, number)));
}

/**
 * Erases what a removed record held: all generations before the newest mark of a removal. Erasing twice does no harm. A number
 * that a process is about to link, and the one before it, keep their names as empty files: see `announceNumber`.
 */
export async function eraseRemoved(pending: string, record: string): Promise<void> {
  const folder = generationsFolder(record);
  const names = await namesIn(folder);
  const newestFirst = toNumbers(names).sort((one, other) => other - one);
  const oldestNeeded = Math.min(...(await announcedNumbers(folder, names)).map((number) => number - 1));
  let isBeforeMark = false;
  for (const number of newestFirst) {
    const file = generationFile(record, number);
    if (!isBeforeMark) isBeforeMark = await isFolder(file);
    else if (number < oldestNeeded) await removed(file);
    else if (!(await isFolder(file))) await emptyDurably(pending, file);
  }
  if (isBeforeMark) await emptyDurably(pending, record);
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
    // Linux answers EISDIR and macOS EPERM for the mark of a removal, which is a folder.
    if (isFileError(error, 'EISDIR', 'EPERM') && (await isFolder(file))) return await removedFolder(file);
    throw error;
  }
}

async function removedFolder(folder: string): Promise<boolean> {
  try {
    await rmdir(folder);
    return true;
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return false;
    throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if (isFileError(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
