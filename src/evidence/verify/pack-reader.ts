import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceError } from '../../service-error.ts';

/** A statement lists some thirty files; no seal, manifest or other JSON of a pack comes near this size. */
const mostTextBytes = 64 * 1024 * 1024;

/**
 * Reads the files of a pack that anybody may have made. Opens regular files only: opening a pipe waits for a writer, and a
 * device may have no end. Every read stops when the person interrupts the check.
 * @throws ServiceError `CHECK_INTERRUPTED`
 */
export interface PackReader {
  /** The text of a file; `null` if it is missing, is not a regular file, or is too large to be read whole. */
  text(name: string): Promise<string | null>;
  bytes(name: string): Promise<Buffer | null>;
  /** Size in bytes; `null` if it is missing or is not a regular file. */
  size(name: string): Promise<number | null>;
  /** SHA-256 in hexadecimal; `null` if it is missing or is not a regular file. */
  sha256(name: string): Promise<string | null>;
  /** The bytes of a file in chunks; none if it is missing or is not a regular file. */
  chunks(name: string): AsyncGenerator<Buffer>;
}

export function openPackReader(directory: string, signal: AbortSignal): PackReader {
  const reader: PackReader = {
    text: async (name) => (await reader.bytes(name))?.toString('utf8') ?? null,
    async bytes(name) {
      const size = await reader.size(name);
      if (size === null || size > mostTextBytes) return null;
      const chunks: Buffer[] = [];
      for await (const chunk of reader.chunks(name)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    async size(name) {
      stopIfInterrupted();
      const found = await lstat(join(directory, name)).catch(() => null);
      return found?.isFile() === true ? found.size : null;
    },
    async sha256(name) {
      if ((await reader.size(name)) === null) return null;
      const hash = createHash('sha256');
      for await (const chunk of reader.chunks(name)) hash.update(chunk);
      return hash.digest('hex');
    },
    async *chunks(name) {
      if ((await reader.size(name)) === null) return;
      // The file may have been replaced since, so the open itself neither follows a link nor waits for a writer.
      const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
      const file = await open(join(directory, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      try {
        if ((await file.stat()).isFile()) yield* chunksOf(file);
      } finally {
        await file.close();
      }
    },
  };
  return reader;

  async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
    for (;;) {
      stopIfInterrupted();
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(1_048_576));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  }

  function stopIfInterrupted(): void {
    if (signal.aborted) throw new ServiceError('CHECK_INTERRUPTED', {});
  }
}
