import type { Runtime } from './command.ts';

/** Resolves when the person asks the process to end. */
export async function untilStopped({ signal }: Pick<Runtime, 'signal'>): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
}
