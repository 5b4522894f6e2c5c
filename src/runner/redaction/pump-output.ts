import { readSync } from 'node:fs';
import { Socket } from 'node:net';
import type { OutputSink } from './output-sink.ts';
import { silenceMs, type Redaction } from './redaction.ts';

const nothing = Buffer.alloc(0);

/** One stream of a command on its way to the job's log. */
export interface OutputPump {
  /** Resolves when the stream has ended and everything was written. */
  readonly done: Promise<void>;
  /**
   * Lets go of the stream: the command has ended. Before that it reads what a stalled reader has kept in the pipe, and gives
   * what is held back. Resolves with whether a process keeps the stream open.
   */
  detach(): Promise<boolean>;
}

/**
 * Moves a stream from a pipe through a redaction to a sink. One chunk at a time is under way: a slow reader slows the
 * command down, as without this helper, and memory stays the same however much is printed. When the reader is gone,
 * the pipe is closed, so that the command gets its SIGPIPE.
 */
export function pumpOutput(readEnd: number, redaction: Redaction, sink: OutputSink): OutputPump {
  const room = redaction.room();
  let isLeaving = false;
  const silence = silenceTimer(() => {
    // Copied, for the next chunk may come before it is taken.
    sink.write(Buffer.from(redaction.push(nothing)));
    sink.write(Buffer.from(redaction.release()));
  });
  const options = {
    fd: readEnd,
    readable: true,
    writable: false,
    onread: { buffer: room, callback: take },
  };
  const source = new Socket(options);
  source.on('error', () => source.destroy());
  const ended = new Promise<void>((resolve) => source.on('close', () => resolve()));
  source.resume();
  return { done: finish(), detach };

  /** Gives whether to read on at once. */
  function take(length: number): boolean {
    silence.stop();
    const written = sink.write(redaction.push(room.subarray(0, length)));
    if (sink.gone()) source.destroy();
    else if (written) watchSilence();
    else void sink.taken().then(readOn);
    return written;
  }

  function readOn(): void {
    if (sink.gone()) source.destroy();
    else if (!isLeaving) source.resume();
    watchSilence();
  }

  async function detach(): Promise<boolean> {
    isLeaving = true;
    source.pause();
    await sink.taken();
    let isOpen = !source.destroyed;
    // A pipe holds as much as the room. What comes after that is of another process.
    for (let left = room.length; isOpen && left > 0; ) {
      const length = readNow(readEnd, room);
      if (length === null) break;
      isOpen = length > 0;
      left -= length;
      if (!sink.write(redaction.push(room.subarray(0, length)))) await sink.taken();
      isOpen &&= !source.destroyed;
    }
    source.destroy();
    return isOpen;
  }

  function watchSilence(): void {
    if (redaction.held() > 0) silence.start();
  }

  async function finish(): Promise<void> {
    await ended;
    silence.end();
    await sink.taken();
    sink.write(redaction.end());
    await sink.taken();
  }
}

/** Bytes read; 0 at the end, `null` while there are none. */
function readNow(readEnd: number, room: Buffer): number | null {
  try {
    return readSync(readEnd, room);
  } catch {
    // EAGAIN: another process has the pipe open, and writes nothing now.
    return null;
  }
}

/** Calls back once it was started and not stopped for as long as a silence. */
interface SilenceTimer {
  start(): void;
  stop(): void;
  /** For good. */
  end(): void;
}

/** One timer, set back when it rings early: a stream of many chunks a second would make as many. */
function silenceTimer(ring: () => void): SilenceTimer {
  let timer: NodeJS.Timeout | undefined;
  /** When the silence began, in milliseconds; `null` while there is none. */
  let since: number | null = null;
  return {
    start() {
      since = performance.now();
      timer ??= setTimeout(look, silenceMs);
    },
    stop() {
      since = null;
    },
    end() {
      since = null;
      clearTimeout(timer);
    },
  };

  function look(): void {
    timer = undefined;
    if (since === null) return;
    const left = since + silenceMs - performance.now();
    if (left > 0) {
      timer = setTimeout(look, left);
      return;
    }
    since = null;
    ring();
  }
}
