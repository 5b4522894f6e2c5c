import { parentPort, workerData } from 'node:worker_threads';
import { type SeedRange, playRange } from './play-range.ts';

// Thousands of errors are part of each play, and nobody reads where they came from.
Error.stackTraceLimit = 0;
await playRange(workerData as SeedRange, (news) => parentPort?.postMessage(news));
