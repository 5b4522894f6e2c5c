import { write } from 'node:fs';
import { Socket } from 'node:net';
import { silenceMs, type Redaction } from './redaction.ts';

/** One stream of a command on its way to the job's log. */
export interface OutputPump {
  /** Resolves when the stream has ended and everything was written. */
  readonly done: Promise<void>;
  /** Gives what is held back and lets go of the stream: somebody keeps it open who will not end. */
  detach(): Promise<void>;
}

/** A pipe holds as much. */
const chunkBytes = 65_536;

/**
 * Moves a stream from a pipe through a redaction to a descriptor. One chunk at a time is under way: a slow reader slows
 * the command down, as without this helper, and memory stays the same however much is printed. When the reader is gone,
 * the pipe is closed, so that the command gets its SIGPIPE.
 */
export function pumpOutput(readEnd: number, redaction: Redaction, to: number): OutputPump {
  const buffer = Buffer.alloc(chunkBytes);
  let writing: Promise<void> = Promise.resolve();
  let gone = false;
  let silence: NodeJS.Timeout | undefined;
  const options = {
    fd: readEnd,
    readable: true,
    writable: false,
    onread: {
      buffer,
      callback(length: number): boolean {
        clearTimeout(silence);
        pass(redaction.push(buffer.subarray(0, length)), true);
        return false;
      },
    },
  };
  const source = new Socket(options);
  source.on('error', () => source.destroy());
  const ended = new Promise<void>((resolve) => source.on('close', () => resolve()));
  source.resume();

  return {
    done: ended.then(() => writing).then(() => finish()),
    async detach() {
      source.destroy();
      await ended;
    },
  };

  /** Writes, and only then reads on. */
  function pass(bytes: Buffer, thenRead: boolean): void {
    writing = writing.then(async () => {
      await writeAll(bytes);
      if (gone) source.destroy();
      else if (thenRead) readOn();
    });
  }

  function readOn(): void {
    if (redaction.held() > 0) silence = setTimeout(() => pass(Buffer.from(redaction.release()), false), silenceMs);
    source.resume();
  }

  async function finish(): Promise<void> {
    clearTimeout(silence);
    await writing;
    await writeAll(redaction.end());
  }

  async function writeAll(bytes: Buffer): Promise<void> {
    for (let from = 0; from < bytes.length && !gone; ) {
      const written = await writeSome(to, bytes, from);
      if (written === null) gone = true;
      else from += written;
    }
  }
}

/** Bytes written; `null` when nobody reads any more. */
function writeSome(to: number, bytes: Buffer, from: number): Promise<number | null> {
  return new Promise((resolve) => {
    write(to, bytes, from, bytes.length - from, null, (error, written) => {
      if (error === null) resolve(written);
      else if (error.code === 'EAGAIN') setTimeout(() => resolve(0), 1);
      else resolve(null);
    });
  });
}
