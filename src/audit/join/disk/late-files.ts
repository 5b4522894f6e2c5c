import type { LineMemory } from '../../parsing/line-memory.ts';
import {
  type BucketDirectory,
  type BucketReader,
  type BucketWriter,
  createBucketWriter,
  openBuckets,
} from './bucket-file.ts';
import { createNumberedLines, linesInOrder, type NumberedLines } from './numbered-lines.ts';
import { createPutByRows, type PutByRows } from './put-by-rows.ts';

/** What a thread files until all blocks were read: rows that were put by, and the lines of their blocks. */
export interface LateFiles extends LateSteps {
  readonly rows: () => PutByRows;
  readonly lines: () => NumberedLines;
  /** The rows of a window, in the order in which they were put by. */
  rowsOf(window: number): ReturnType<BucketReader['readPlaced']>;
  close(): void;
}

/** Steps of `JoinThread`. */
export interface LateSteps {
  /** `null` if this thread put no row by. */
  readonly closePutBy: (nothing: null) => BucketDirectory | null;
  readonly openPutBy: (filed: readonly BucketDirectory[]) => null;
  /** The lines of blocks with rows that were put by; `null` if this thread has none. */
  readonly closeLines: (nothing: null) => BucketDirectory | null;
  readonly openLines: (filed: readonly BucketDirectory[]) => null;
  /** The lines of a block that were filed, in order. */
  readonly takeLines: (block: number) => { readonly text: Uint8Array };
}

/** The rows of most windows have fewer bytes. */
const usualRows = 6 << 20;

/** `fileIn`: the path of a file of this name. */
export function createLateFiles(fileIn: (name: string) => string, memory: LineMemory | null): LateFiles {
  const rows = openOnce(() => createBucketWriter(fileIn('rows')), createPutByRows);
  const lines = openOnce(() => createBucketWriter(fileIn('lines')), createNumberedLines);
  let filedRows: BucketReader | null = null;
  let filedLines: BucketReader | null = null;
  return {
    rows: rows.get,
    lines: lines.get,
    closePutBy: rows.close,
    openPutBy(filed) {
      filedRows = openBuckets(filed, memory, usualRows);
      return null;
    },
    rowsOf: (window) => opened(filedRows).readPlaced(window, window + 1),
    closeLines: lines.close,
    openLines(filed) {
      filedLines = openBuckets(filed);
      return null;
    },
    takeLines: (block) => ({ text: linesInOrder(opened(filedLines).read(block, block + 1)) }),
    close() {
      filedRows?.close();
      filedLines?.close();
    },
  };
}

/** A file that most joins do without. */
function openOnce<Content>(open: () => BucketWriter, contentOf: (writer: BucketWriter) => Content) {
  let file: { readonly writer: BucketWriter; readonly content: Content } | null = null;
  return {
    get: (): Content => {
      if (file === null) {
        const writer = open();
        file = { writer, content: contentOf(writer) };
      }
      return file.content;
    },
    close: (): BucketDirectory | null => file?.writer.close() ?? null,
  };
}

/** @throws Error if a step came before the one that it follows. */
export function opened<Value>(value: Value | null): Value {
  if (value === null) throw new Error('the steps of a join have an order');
  return value;
}
