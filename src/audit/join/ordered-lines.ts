import { type BucketWriter, createBucketWriter, openBuckets } from './bucket-file.ts';
import type { LineWriter } from './line-writer.ts';
import { decodeNumberedLines, encodeNumberedLine } from './numbered-lines.ts';

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
      try {
        for (let block = firstWaiting; block < blocks; block += 1) {
          const lines = [...decodeNumberedLines(reader.read(block, block + 1))];
          lines.sort((one, other) => one.number - other.number);
          const text = lines.map((line) => line.text).join('');
          if (text !== '') await output.add(Buffer.from(text));
        }
      } finally {
        reader.close();
      }
    },
  };
}
