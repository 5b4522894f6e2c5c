import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';

/** Where one stream of the command's output goes. */
export interface OutputSink {
  /** Takes bytes. `true`: they are written, and their buffer is free again; `false`: wait until they are `taken`. */
  write(bytes: Buffer): boolean;
  /** Resolves when all bytes are written, or nobody reads them any more. */
  taken(): Promise<void>;
  /** Whether nothing waits to be written. */
  idle(): boolean;
  /** Whether the reader has gone away. */
  gone(): boolean;
}

/**
 * A sink for one of this process's own descriptors, 1 or 2. A pipe is opened anew, without blocking: writes go straight
 * to it, and a reader who stalls does not keep this process from forwarding signals. (Node's own stream would block;
 * its thread pool costs ten times the copy.) A file or a terminal is written as it is. Nothing is opened before the first
 * byte: a stream of Node's takes as long as a twentieth of a start, and many a command prints nothing.
 */
export function outputSink(descriptor: 1 | 2): OutputSink {
  let opened: OutputSink | null = null;
  return {
    write: (bytes) => bytes.length === 0 || (opened ??= openSink(descriptor)).write(bytes),
    taken: () => opened?.taken() ?? Promise.resolve(),
    idle: () => opened?.idle() ?? true,
    gone: () => opened?.gone() ?? false,
  };
}

function openSink(descriptor: 1 | 2): OutputSink {
  const pipe = fstatSync(descriptor).isFIFO() ? reopened(descriptor) : null;
  if (pipe !== null) return straight(pipe, streamSink(new Socket({ fd: pipe, readable: false, writable: true })));
  if (fstatSync(descriptor).isFile()) return fileSink(descriptor);
  return streamSink(descriptor === 1 ? process.stdout : process.stderr);
}

function reopened(descriptor: number): number | null {
  try {
    return openSync(`/proc/self/fd/${String(descriptor)}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    // No /proc, or a pipe of another user: Node's own stream writes it, only slower.
    return null;
  }
}

/** A reader at work empties a pipe meanwhile, and one who stalls costs some microseconds. */
const mostTries = 8;

/** Writes to the pipe itself while it takes what it is given, which spares a stream's bookkeeping; else by the stream. */
function straight(pipe: number, stream: OutputSink): OutputSink {
  return {
    ...stream,
    write(bytes) {
      if (!stream.idle() || bytes.length === 0) return stream.write(bytes);
      let written = 0;
      for (let tries = 0; tries < mostTries && written < bytes.length; tries += 1) {
        try {
          written += writeSync(pipe, bytes, written);
        } catch {
          // Full, or nobody reads any more: the stream waits, or finds out.
        }
      }
      return written === bytes.length || stream.write(bytes.subarray(written));
    },
  };
}

function streamSink(stream: NodeJS.WriteStream | Socket): OutputSink {
  let gone = false;
  let waiting: (() => void)[] = [];
  const release = () => {
    const resolved = waiting;
    waiting = [];
    for (const resolve of resolved) resolve();
  };
  stream.on('drain', release);
  stream.on('error', () => {
    gone = true;
    release();
  });
  return {
    write(bytes) {
      if (gone || bytes.length === 0) return true;
      stream.write(bytes, () => {
        if (stream.writableLength === 0) release();
      });
      return stream.writableLength === 0;
    },
    taken: () =>
      gone || stream.writableLength === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    idle: () => stream.writableLength === 0,
    gone: () => gone,
  };
}

function fileSink(descriptor: number): OutputSink {
  let gone = false;
  return {
    write(bytes) {
      try {
        for (let from = 0; from < bytes.length && !gone; ) from += writeSync(descriptor, bytes, from);
      } catch {
        // A full disk, most likely: what cannot be written is lost, as it would be without this helper.
        gone = true;
      }
      return true;
    },
    taken: () => Promise.resolve(),
    idle: () => true,
    gone: () => gone,
  };
}
