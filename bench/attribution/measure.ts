import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type BenchWorker, bundledWorker } from '../bundle-workers.ts';

/** What a worker measured of one join. */
export interface Measured {
  readonly seconds: number;
  /** Processor time of all threads. Less disturbed by other programs than the time is. */
  readonly processorSeconds: number;
  /** The process's peak resident memory. */
  readonly peakBytes: number;
  readonly grades: Readonly<Record<string, number>>;
}

/** Runs `join` and sends its measurements to the parent process. */
export async function sendMeasured(join: () => Promise<Readonly<Record<string, number>>>): Promise<void> {
  const begun = performance.now();
  const grades = await join();
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage();
  const measured: Measured = {
    seconds,
    processorSeconds: (user + system) / 1_000_000,
    // The kernel counts in kilobytes.
    peakBytes: process.resourceUsage().maxRSS * 1024,
    grades,
  };
  process.send?.(measured);
}

/** Runs one of the joins of this folder on a load, or what builds or checks a pack of it, as a process of its own. */
export async function measureJoin(worker: BenchWorker, folder: string, cores: number): Promise<Measured> {
  const child = fork(await bundledWorker(worker), [folder, String(cores)]);
  const ended = once(child, 'exit').then(([code]: unknown[]) => {
    throw new Error(`${worker} ended with ${String(code)}`);
  });
  // An exit after the answer is normal.
  ended.catch(() => undefined);
  const [measured] = (await Promise.race([once(child, 'message'), ended])) as [Measured];
  if (child.exitCode === null) await once(child, 'exit');
  return measured;
}
