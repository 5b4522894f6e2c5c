import { parentPort, workerData } from 'node:worker_threads';
import { loadJobKey } from '../../src/runner/broker/key-file.ts';

/** What a thread is told: where the keys lie, how many rounds it takes part in, and the counter that all threads wait on. */
export interface Rounds {
  readonly folder: string;
  readonly jobFolder: string;
  readonly thread: number;
  readonly threads: number;
  readonly rounds: number;
  readonly arrived: Int32Array;
}

// Tells the public key, or the message, of each round. Every thread begins a round at the same moment.
const { folder, jobFolder, thread, threads, rounds, arrived } = workerData as Rounds;
const told = Array.from({ length: rounds }, (_, round) => {
  const target = (round + 1) * threads;
  if (Atomics.add(arrived, 0, 1) + 1 === target) Atomics.notify(arrived, 0);
  for (let now = Atomics.load(arrived, 0); now < target; now = Atomics.load(arrived, 0)) Atomics.wait(arrived, 0, now);
  const numbers = { instance: 'a1b2c3d4', taskId: round + 1 };
  try {
    return loadJobKey({ folder, jobFolder, numbers, nonce: `${String(thread)}f` }).publicKey.x;
  } catch (error) {
    return String(error);
  }
});
parentPort?.postMessage(told);
