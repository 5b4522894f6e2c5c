import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, rm, stat, unlink } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { checkedRecordPath, checkedRecordPrefix } from '../records/record-path.ts';
import type { RecordStore, Revision } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import { abandonedAfterMs, isFileError, linkDurably, makeFolderDurably, makeMarkDurably } from './durable-file.ts';
import {
  announceNumber,
  eraseRemoved,
  type Generation,
  generationFile,
  generationsFolder,
  isRemoved,
  newestGeneration,
  newestNumber,
  pruneGenerations,
} from './generations.ts';
import { prepareLocalFolder } from './local-disk.ts';

/**
 * Keeps records as files in one folder, safely across processes and power failures. It uses no locks, because a process
 * cannot tell whether another one in another container is alive. Each state of a record is a file that is linked once
 * under its number, and `link()` succeeds for one process only.
 * Source: docs/decisions.md, "Records are created if absent and replaced if unchanged".
 * @throws ServiceError `RECORD_STORE_REFUSED` for a shared file system, or a folder that others may write to.
 */
export async function folderRecordStore(directory: string): Promise<RecordStore> {
  const root = resolve(directory);
  const pending = join(root, '=pending');
  const known = new Set<string>();

  await guarded(root, async () => {
    await prepareLocalFolder(root);
    await ensureFolder(join(pending, 'any'));
    await eraseNoted(root, pending);
    await removeAbandoned(pending);
  });

  /** Creates the folder of a file, once a process: folders are never removed. */
  async function ensureFolder(file: string): Promise<void> {
    const folder = dirname(file);
    if (known.has(folder)) return;
    await makeFolderDurably(root, folder);
    known.add(folder);
  }

  /** Returns `false` if another process changed the record first. */
  async function linkNext(file: string, next: Generation): Promise<boolean> {
    return await takeNumber(file, next.number, () =>
      linkDurably(pending, generationFile(file, next.number), next.bytes),
    );
  }

  /** Creates a record whose name is taken, if a removed record left that name; otherwise returns `null`. */
  async function createAgain(file: string, bytes: Uint8Array): Promise<Revision | null> {
    const newest = await newestGeneration(file);
    if (newest.kind !== 'removed') return null;
    const next = { number: newest.number + 1, bytes };
    return (await linkNext(file, next)) ? revisionOf(next) : null;
  }

  return {
    create: (path, bytes) =>
      guarded(root, async () => {
        const file = join(root, checkedRecordPath(path));
        await asRecordPath(path, () => ensureFolder(file));
        if (await linkDurably(pending, file, bytes)) return revisionOf({ number: 1, bytes });
        if ((await stat(file)).isDirectory()) throw new ServiceError('RECORD_PATH_REFUSED', { path });
        const revision = await createAgain(file, bytes);
        if (revision === null) throw new ServiceError('RECORD_EXISTS', { path });
        return revision;
      }),

    replace: (path, bytes, revision) =>
      guarded(root, async () => {
        const file = join(root, checkedRecordPath(path));
        const current = await newestGeneration(file);
        if (current.kind !== 'record' || revisionOf(current) !== revision)
          throw new ServiceError('RECORD_CHANGED', { path });

        await ensureFolder(join(generationsFolder(file), 'any'));
        const next = { number: current.number + 1, bytes };
        if (!(await linkNext(file, next))) throw new ServiceError('RECORD_CHANGED', { path });
        return revisionOf(next);
      }),

    remove: (path, revision) =>
      guarded(root, async () => {
        const file = join(root, checkedRecordPath(path));
        const current = await newestGeneration(file);
        if (current.kind !== 'record') return;
        if (revisionOf(current) !== revision) throw new ServiceError('RECORD_CHANGED', { path });
        await ensureFolder(join(generationsFolder(file), 'any'));
        if (!(await markRemoved({ pending, path, file }, current.number + 1)))
          throw new ServiceError('RECORD_CHANGED', { path });
      }),

    read: (path) =>
      guarded(root, async () => {
        const newest = await newestGeneration(join(root, checkedRecordPath(path)));
        return newest.kind === 'record' ? { bytes: newest.bytes, revision: revisionOf(newest) } : null;
      }),

    list: (prefix) => paths(root, folderIn(checkedRecordPrefix(prefix)), prefix),
  };
}

/** `place` takes the name of a number, or returns `false`. Returns `false` if another process changed the record first. */
async function takeNumber(file: string, number: number, place: () => Promise<boolean>): Promise<boolean> {
  const announced = await announceNumber(file, number);
  let isTaken = false;
  let isVouchedFor = false;
  try {
    const isNewest = (await newestNumber(file)) === number - 1;
    isTaken = isNewest && (await place());
  } finally {
    isVouchedFor = await announced.withdraw();
  }
  if (!isTaken) return false;
  const isRecent = await pruneGenerations(file, number);
  return isVouchedFor || isRecent;
}

/** Marks a record as removed and erases what it held. Returns `false` if another process changed it first. */
async function markRemoved(
  { pending, path, file }: { readonly pending: string; readonly path: string; readonly file: string },
  number: number,
): Promise<boolean> {
  // Noted first, so that the next start erases the content if this process dies after the mark.
  const note = join(pending, `erase-${randomBytes(8).toString('hex')}`);
  await linkDurably(pending, note, Buffer.from(path));
  const isMarked = await takeNumber(file, number, () => makeMarkDurably(generationFile(file, number)));
  if (isMarked) await eraseRemoved(pending, file);
  await rm(note, { force: true });
  return isMarked;
}

/** The number distinguishes two states with the same bytes; the digest detects a record that a backup restored. */
function revisionOf({ number, bytes }: Generation): Revision {
  return `${String(number)}.${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The folder that contains everything with this prefix, so that its neighbours are not listed. */
function folderIn(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf('/') + 1);
}

/** Walks in code-unit order of whole paths: a folder sorts by its name with the slash (`a-b` before `a/b`). */
async function* paths(root: string, folder: string, prefix: string): AsyncGenerator<string> {
  const entries = await guarded(root, () => listEntries(join(root, folder)));
  const known = new Set(entries.map(({ name }) => name));
  const names = entries
    .filter(({ name }) => isRecordName(name))
    .map((entry) => folder + entry.name + (entry.isDirectory() ? '/' : ''))
    .sort();
  for (const path of names) {
    const isFolder = path.endsWith('/');
    if (isFolder && (path.startsWith(prefix) || prefix.startsWith(path))) yield* paths(root, path, prefix);
    if (isFolder || !path.startsWith(prefix)) continue;
    // Only a record that was changed has a folder of generations, and only there can a removal be marked.
    const isChanged = known.has(`=${path.slice(folder.length)}`);
    if (!isChanged || !(await guarded(root, () => isRemoved(join(root, path))))) yield path;
  }
}

async function listEntries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isFileError(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

/** Our own files (`=pending`) and what a file system adds (`lost+found`) are not records. */
function isRecordName(name: string): boolean {
  return /^[A-Za-z0-9._~-]+$/.test(name);
}

/** Erases the content of records that were marked as removed by processes that died before they could erase it. */
async function eraseNoted(root: string, pending: string): Promise<void> {
  for (const name of await readdir(pending)) {
    if (!name.startsWith('erase-')) continue;
    const note = join(pending, name);
    const path = await readNote(note);
    // The note stays, because its process may live and be before its mark still; `removeAbandoned` removes it after a day.
    if (path !== null) await eraseRemoved(pending, join(root, checkedRecordPath(path)));
  }
}

/** The path in a note, or `null` if its process has finished and removed it. */
async function readNote(note: string): Promise<string | null> {
  try {
    return await readFile(note, 'utf8');
  } catch (error) {
    if (isFileError(error, 'ENOENT')) return null;
    throw error;
  }
}

async function removeAbandoned(pending: string): Promise<void> {
  for (const name of await readdir(pending)) {
    const file = join(pending, name);
    const found = await stat(file).catch(() => null);
    if (found !== null && Date.now() - found.mtimeMs > abandonedAfterMs) await unlink(file).catch(() => null);
  }
}

/** Whether a folder cannot be created because a record has its name: a store cannot keep both. */
async function asRecordPath(path: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (isFileError(error, 'EEXIST', 'ENOTDIR'))
      throw new ServiceError('RECORD_PATH_REFUSED', { path }, { cause: error });
    throw error;
  }
}

async function guarded<Result>(store: string, act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof ServiceError) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new ServiceError('RECORD_STORE_UNREACHABLE', { store, reason }, { cause: error });
  }
}
