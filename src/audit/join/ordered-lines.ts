import { type BucketWriter, createBucketWriter, openBuckets } from './bucket-file.ts';
import type { LineWriter } from './line-writer.ts';
import { encodeNumberedLine, visitNumberedLines } from './numbered-lines.ts';

/** Writes the lines of blocks in order, also where lines of a block come last. */
export interface OrderedLines {
  /** The blocks come in order. `isIncomplete`: its lines are numbered, and further ones will be inserted. */
  add(block: number, lines: Uint8Array, isIncomplete: boolean): Promise<void>;
  insert(block: number, lines: Uint8Array): void;
  /** Writes the lines that waited. Does not end the output. */
  end(): Promise<void>;
}

/** From the first incomplete block on, lines wait in the file at `path`. */
export function createOrderedLines(output: LineWriter, path: string): OrderedLines {
  let waiting: BucketWriter | null = null;
  let firstWaiting = 0;
  let blocks = 0;
  return {
    async add(block, lines, isIncomplete) {
      blocks = block + 1;
      if (waiting === null && !isIncomplete) {
        if (lines.length > 0) await output.add(lines);
        return;
      }
      if (waiting === null) {
        waiting = createBucketWriter(path);
        firstWaiting = block;
      }
      waiting.add(block, isIncomplete ? lines : encodeNumberedLine(0, lines));
    },
    insert: (block, lines) => waiting?.add(block, lines),
    async end() {
      if (waiting === null) return;
      const reader = openBuckets([waiting.close()]);
      let memory = Buffer.alloc(0);
      try {
        for (let block = firstWaiting; block < blocks; block += 1) {
          const bytes = reader.read(block, block + 1);
          if (memory.length < bytes.length) memory = Buffer.allocUnsafeSlow(bytes.length);
          const length = putInOrder(bytes, memory);
          if (length > 0) await output.add(memory.subarray(0, length));
        }
      } finally {
        reader.close();
      }
    },
  };
}

/** Copies numbered lines in order of their numbers, without these. Returns how many bytes they have. */
function putInOrder(bytes: Buffer, into: Buffer): number {
  const lines: { readonly number: number; readonly from: number; readonly to: number }[] = [];
  visitNumberedLines(bytes, (number, _, from, to) => lines.push({ number, from, to }));
  lines.sort((one, other) => one.number - other.number);
  let length = 0;
  for (const { from, to } of lines) length += bytes.copy(into, length, from, to);
  return length;
}
