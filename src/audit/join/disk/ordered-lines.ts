import { type BucketDirectory, type BucketWriter, createBucketWriter } from './bucket-file.ts';
import type { LineWriter } from './line-writer.ts';
import { createNumberedLines, type NumberedLines } from './numbered-lines.ts';

/** Writes the lines of blocks in order, as far as none is missing. */
export interface OrderedLines {
  /** The blocks come in order. `isIncomplete`: its lines are not all known yet, and are filed elsewhere. */
  add(block: number, lines: Uint8Array, isIncomplete: boolean): Promise<void>;
  /** The first block whose lines were not written, and the filed lines of complete blocks after it; `null`: all were. */
  close(): { readonly from: number; readonly filed: BucketDirectory } | null;
}

/** From the first incomplete block on, lines of complete ones wait in the file at `path`. */
export function createOrderedLines(output: LineWriter, path: string): OrderedLines {
  let waiting: { readonly from: number; readonly writer: BucketWriter; readonly lines: NumberedLines } | null = null;
  return {
    async add(block, lines, isIncomplete) {
      if (waiting === null && !isIncomplete) {
        if (lines.length > 0) await output.add(lines);
        return;
      }
      if (waiting === null) {
        const writer = createBucketWriter(path);
        waiting = { from: block, writer, lines: createNumberedLines(writer) };
      }
      // All lines of a complete block are one.
      const { buffer, byteOffset, length } = lines;
      if (!isIncomplete) waiting.lines.add(block, 0, Buffer.from(buffer, byteOffset, length), 0, length);
    },
    close: () => (waiting === null ? null : { from: waiting.from, filed: waiting.writer.close() }),
  };
}
