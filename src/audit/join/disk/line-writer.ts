import { once } from 'node:events';
import { open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { ServiceError } from '../../../service-error.ts';

/** Where the lines of a join go. */
export interface LineWriter {
  /** Takes the lines over: their memory must not be used any more. */
  add(lines: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

/** A stream is not ended, because the caller owns it. @throws ServiceError `OUTPUT_NOT_WRITTEN`. */
export async function createLineWriter(out: string | Writable | null): Promise<LineWriter> {
  return typeof out === 'string' ? await fileWriter(out) : streamWriter(out ?? process.stdout);
}

async function fileWriter(path: string): Promise<LineWriter> {
  const attempt = async <Result>(act: () => Promise<Result>): Promise<Result> => {
    try {
      return await act();
    } catch (cause) {
      const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : null;
      const reason = typeof code === 'string' ? code : 'unknown';
      throw new ServiceError('OUTPUT_NOT_WRITTEN', { path, reason }, { cause });
    }
  };
  const file = await attempt(async () => await open(path, 'w'));
  return {
    async add(lines) {
      await attempt(async () => await file.appendFile(lines));
      // Node collects all garbage for each few megabytes outside of its heap, unless they are let go.
      if (lines.buffer instanceof ArrayBuffer && lines.byteLength === lines.buffer.byteLength) lines.buffer.transfer(0);
    },
    end: async () => await attempt(async () => await file.close()),
  };
}

function streamWriter(stream: Writable): LineWriter {
  return {
    async add(lines) {
      if (!stream.write(lines)) await once(stream, 'drain');
    },
    end: async () => await Promise.resolve(),
  };
}
