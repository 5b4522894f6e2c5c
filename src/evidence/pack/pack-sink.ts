import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';

/** The destination of one pack's files. Each file is written once and completely. */
export interface PackSink {
  /**
   * @throws ServiceError `PACK_NOT_WRITTEN` if a different file of this name exists, or the disk refuses. Writing the
   * same bytes again succeeds, so that a crashed worker can resume.
   */
  write(path: string, bytes: Uint8Array): Promise<void>;
}

/** The archive's folder of one pack. */
export function archiveFolder(pack: string): string {
  return `archive/${pack}`;
}

/** Writes into the archive of a record store. */
export function archiveSink(records: RecordStore, pack: string): PackSink {
  return {
    async write(path, bytes) {
      const record = `${archiveFolder(pack)}/${path}`;
      try {
        await records.create(record, bytes);
      } catch (error) {
        if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
        const there = await records.read(record);
        if (there === null || !same(there.bytes, bytes)) throw taken(pack, path);
      }
    },
  };
}

/** Writes into a folder of the local disk. */
export function folderSink(folder: string, pack: string): PackSink {
  return {
    async write(path, bytes) {
      const there = await writeNew(join(folder, path), bytes).catch((cause: unknown) => {
        const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : null;
        throw new ServiceError('PACK_NOT_WRITTEN', { pack, reason: `${path}: ${String(code)}` }, { cause });
      });
      if (there !== null && !same(there, bytes)) throw taken(pack, path);
    },
  };
}

/** `null` if the file is new, or else its existing bytes. */
async function writeNew(file: string, bytes: Uint8Array): Promise<Uint8Array | null> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, bytes, { flag: 'wx' });
    return null;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return await readFile(file);
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function taken(pack: string, path: string): ServiceError {
  return new ServiceError('PACK_NOT_WRITTEN', { pack, reason: `another ${path} is there already` });
}
