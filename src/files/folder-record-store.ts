import { createHash } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { checkedRecordPath, checkedRecordPrefix } from '../records/record-path.ts';
import type { RecordStore, Revision } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import { abandonedAfterMs, isFileError, linkDurably, makeFolderDurably } from './durable-file.ts';
import {
  announceNumber,
  type Generation,
  generationFile,
  generationsFolder,
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
    const announced = await announceNumber(file, next.number);
    let isLinked = false;
    let isVouchedFor = false;
    try {
      const isNewest = (await newestNumber(file)) === next.number - 1;
      isLinked = isNewest && (await linkDurably(pending, generationFile(file, next.number), next.bytes));
    } finally {
      isVouchedFor = await announced.withdraw();
    }
    if (!isLinked) return false;
    const isRecent = await pruneGenerations(file, next.number);
    return isVouchedFor || isRecent;
  }

  return {
    create: (path, bytes) =>
      guarded(root, async () => {
        const file = join(root, checkedRecordPath(path));
        await asRecordPath(path, () => ensureFolder(file));
        if (await linkDurably(pending, file, bytes)) return revisionOf({ number: 1, bytes });
        if ((await stat(file)).isDirectory()) throw new ServiceError('RECORD_PATH_REFUSED', { path });
        throw new ServiceError('RECORD_EXISTS', { path });
      }),

    replace: (path, bytes, revision) =>
      guarded(root, async () => {
        const file = join(root, checkedRecordPath(path));
        const current = await newestGeneration(file);
        if (current === null || revisionOf(current) !== revision) throw new ServiceError('RECORD_CHANGED', { path });

        await ensureFolder(join(generationsFolder(file), 'any'));
        const next = { number: current.number + 1, bytes };
        if (!(await linkNext(file, next))) throw new ServiceError('RECORD_CHANGED', { path });
        return revisionOf(next);
      }),

    read: (path) =>
      guarded(root, async () => {
        const newest = await newestGeneration(join(root, checkedRecordPath(path)));
        return newest === null ? null : { bytes: newest.bytes, revision: revisionOf(newest) };
      }),

    list: (prefix) => paths(root, folderIn(checkedRecordPrefix(prefix)), prefix),
  };
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
  const names = entries
    .filter(({ name }) => isRecordName(name))
    .map((entry) => folder + entry.name + (entry.isDirectory() ? '/' : ''))
    .sort();
  for (const path of names) {
    const isFolder = path.endsWith('/');
    if (isFolder && (path.startsWith(prefix) || prefix.startsWith(path))) yield* paths(root, path, prefix);
    if (!isFolder && path.startsWith(prefix)) yield path;
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
