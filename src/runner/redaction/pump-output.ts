import { Socket } from 'node:net';
import type { OutputSink } from './output-sink.ts';
import { silenceMs, type Redaction } from './redaction.ts';

/** One stream of a command on its way to the job's log. */
export interface OutputPump {
  /** Resolves when the stream has ended and everything was written. */
  readonly done: Promise<void>;
  /** Gives what is held back and lets go of the stream: somebody keeps it open who will not end. */
  detach(): void;
}

/**
 * Moves a stream from a pipe through a redaction to a sink. One chunk at a time is under way: a slow reader slows the
 * command down, as without this helper, and memory stays the same however much is printed. When the reader is gone,
 * the pipe is closed, so that the command gets its SIGPIPE.
 */
export function pumpOutput(readEnd: number, redaction: Redaction, sink: OutputSink): OutputPump {
  const buffer = redaction.room();
  let silence: NodeJS.Timeout | undefined;
  const options = {
    fd: readEnd,
    readable: true,
    writable: false,
    onread: { buffer, callback: take },
  };
  const source = new Socket(options);
  source.on('error', () => source.destroy());
  const ended = new Promise<void>((resolve) => source.on('close', () => resolve()));
  source.resume();
  return { done: finish(), detach: () => void source.destroy() };

  /** Gives whether to read on at once. */
  function take(length: number): boolean {
    clearTimeout(silence);
    const written = sink.write(redaction.push(buffer.subarray(0, length)));
    if (sink.gone()) source.destroy();
    else if (written) watchSilence();
    else void sink.taken().then(readOn);
    return written;
  }

  function readOn(): void {
    if (sink.gone()) source.destroy();
    else source.resume();
    watchSilence();
  }

  function watchSilence(): void {
    if (redaction.held() === 0) return;
    // Copied, for the next chunk may come before it is taken.
    silence = setTimeout(() => sink.write(Buffer.from(redaction.release())), silenceMs);
  }

  async function finish(): Promise<void> {
    await ended;
    clearTimeout(silence);
    await sink.taken();
    sink.write(redaction.end());
    await sink.taken();
  }
}
