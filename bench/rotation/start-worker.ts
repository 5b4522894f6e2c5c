import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Measured, PassRequest } from './worker-messages.ts';

/** A separate process, so that its memory and processor time exclude the embedded cloud's. */
export interface Worker {
  pass(request: PassRequest): Promise<Measured>;
  stop(): Promise<void>;
}

/** Starts one of the workers of this folder and waits until it is ready. Rejects if it ends before that. */
export async function startWorker(
  file: 'reconcile-worker.ts' | 'plain-write-worker.ts',
  environment: Readonly<Record<string, string>>,
  words: readonly string[] = [],
): Promise<Worker> {
  const path = fileURLToPath(new URL(file, import.meta.url));
  const child = fork(path, [...words], { env: { PATH: process.env['PATH'] ?? '', ...environment } });
  const ended = once(child, 'exit').then(([code]: unknown[]) => {
    throw new Error(`${file} ended with ${String(code)}`);
  });
  // An exit is normal, unless a request is still open.
  ended.catch(() => undefined);
  const answer = async () => {
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown];
    return message;
  };
  await answer();
  return {
    async pass(request) {
      child.send(request);
      return (await answer()) as Measured;
    },
    async stop() {
      const gone = once(child, 'exit');
      child.disconnect();
      await gone;
    },
  };
}
