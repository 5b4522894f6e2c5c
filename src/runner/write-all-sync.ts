import { writeSync } from 'node:fs';
import { exchangeFailure } from './http-exchange.ts';

/** How long to wait before retrying a full pipe. */
const fullMs = 2;

/**
 * Writes a complete text synchronously, because receipts and masks must be completely in the log before the command
 * starts. A pipe that Node's own streams have opened does not block, so a slow reader shows as EAGAIN or a short write.
 */
export function writeAllSync(descriptor: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; ) {
    try {
      from += writeSync(descriptor, bytes, from);
    } catch (error) {
      if (exchangeFailure(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, fullMs);
    }
  }
}
