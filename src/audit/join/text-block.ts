import { isAscii } from 'node:buffer';
import { closeSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { LineMemory } from '../parsing/line-memory.ts';
import { readInto } from './disk/bucket-file.ts';
import { createTextRoom } from '../parsing/text-room.ts';
import { isNestedTooDeeply } from '../files/nesting.ts';
import { isDocument } from '../files/read-json-lines.ts';

/** A piece of a file that one thread reads: the lines that begin in it, or a whole document. */
export interface TextBlock {
  readonly path: string;
  /** How the file is called in places; differs from `path` for a pipe, whose bytes were copied. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** One JSON value over many lines, such as an archive's `{"records": […]}`. */
  readonly isDocument: boolean;
}

/** A line, or a document, of a block. It is valid until the visit returns. */
export interface BlockLine {
  /** The bytes from `from` until before `to`. */
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  /** Counted from 0 within the block. */
  readonly line: number;
  /** In the file. */
  readonly offset: number;
  text(): string;
}

export interface BlockReader {
  /** Visits the lines that are not empty. Returns the number of lines, empty ones included. */
  read(block: TextBlock, visit: (line: BlockLine) => void): number;
  /** The bytes of one line that an earlier visit described. */
  bytesAt(block: TextBlock, offset: number, length: number): Buffer;
  /** Fills `into` with the bytes from `offset` on. */
  readAt(block: TextBlock, offset: number, into: Buffer): void;
  close(): void;
}

const lineEnd = 10;
const carriageReturn = 13;
/** Past the end of a block in steps of this size, until its last line ends. */
const stepBytes = 1 << 16;

/** Cuts a regular file at multiples of `blockBytes`. */
export async function cutIntoBlocks(path: string, name: string, blockBytes: number): Promise<readonly TextBlock[]> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size === 0) return [];
    if ((await beginsIncomplete(file, size)) && (await isDocument(path)))
      return [{ path, name, from: 0, to: size, isDocument: true }];
    return Array.from({ length: Math.ceil(size / blockBytes) }, (_, index) => ({
      path,
      name,
      from: index * blockBytes,
      to: Math.min(size, (index + 1) * blockBytes),
      isDocument: false,
    }));
  } finally {
    await file.close();
  }
}

/** Whether the first line is not a complete value. */
async function beginsIncomplete(file: FileHandle, size: number): Promise<boolean> {
  let bytes = Buffer.alloc(0);
  for (let end = -1; end === -1 && bytes.length < size; end = bytes.indexOf(lineEnd)) {
    const more = Buffer.allocUnsafe(Math.max(stepBytes, bytes.length));
    const { bytesRead } = await file.read(more, 0, more.length, bytes.length);
    if (bytesRead === 0) break;
    bytes = Buffer.concat([bytes, more.subarray(0, bytesRead)]);
  }
  const end = bytes.indexOf(lineEnd);
  const line = bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
  return line !== '' && line !== '\r' && !isNestedTooDeeply(line) && !isJson(line);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** `blockBytes`: of most blocks, which are read into `memory`, where their lines are compared faster. */
export function createBlockReader(memory: LineMemory | null = null, blockBytes = 0): BlockReader {
  const files = new Map<string, number>();
  const room = createTextRoom(memory, blockBytes + 4 * stepBytes);

  const fileOf = (path: string): number => {
    const known = files.get(path);
    if (known !== undefined) return known;
    const file = openSync(path, 'r');
    files.set(path, file);
    return file;
  };

  /** From the byte before the block, which shows whether a line begins at its start, to the end of its last line. */
  function load({ path, from, to, isDocument: isWhole }: TextBlock): LoadedText {
    const file = fileOf(path);
    const start = Math.max(0, from - 1);
    let { bytes, at } = room.ofBytes(to - start + stepBytes);
    let filled = readInto(file, bytes, at, to - start, start);
    if (isWhole || bytes[at + filled - 1] === lineEnd) return { bytes, at, end: at + filled };
    for (let isOpen = true; isOpen; ) {
      ({ bytes, at } = room.moreFor(filled, filled + stepBytes));
      const more = readInto(file, bytes, at + filled, stepBytes, start + filled);
      const end = bytes.subarray(at + filled, at + filled + more).indexOf(lineEnd);
      isOpen = end === -1 && more > 0;
      filled += end === -1 ? more : end + 1;
    }
    return { bytes, at, end: at + filled };
  }

  const endOfLine = (bytes: Buffer, from: number, to: number): number => {
    if (memory !== null && bytes === memory.text) return memory.endOfLine(from, to);
    const found = bytes.indexOf(lineEnd, from);
    return found === -1 || found >= to ? to : found;
  };

  return {
    read(block, visit) {
      const loaded = load(block);
      if (!block.isDocument) return visitLines(block, loaded, endOfLine, visit);
      const { bytes, at, end } = loaded;
      visit({ bytes, from: at, to: end, line: 0, offset: 0, text: () => bytes.toString('utf8', at, end) });
      return 0;
    },
    readAt({ path }, offset, into) {
      readInto(fileOf(path), into, 0, into.length, offset);
    },
    bytesAt({ path }, offset, length) {
      const copy = Buffer.allocUnsafe(length);
      readInto(fileOf(path), copy, 0, length, offset);
      return copy;
    },
    close() {
      for (const file of files.values()) closeSync(file);
      files.clear();
    },
  };
}

/** The bytes from `at` until before `end`. */
interface LoadedText {
  readonly bytes: Buffer;
  readonly at: number;
  readonly end: number;
}

/** Visits the lines that begin in a block. Returns how many there are, empty ones included. */
function visitLines(
  { from, to }: TextBlock,
  { bytes, at: first, end: last }: LoadedText,
  endOfLine: (bytes: Buffer, from: number, to: number) => number,
  visit: (line: BlockLine) => void,
): number {
  /** What a position in the bytes is less than the one in the file. */
  const start = Math.max(0, from - 1) - first;
  let at = from === 0 ? first : endOfLine(bytes, first, last) + 1;
  if (at > last) return 0;
  // Nearly all files are plain ASCII, which is decoded five times as fast.
  const encoding = isAscii(bytes.subarray(first, last)) ? 'latin1' : 'utf8';
  const text = () => bytes.toString(encoding, current.from, current.to);
  const current = { bytes, from: at, to: at, line: 0, offset: 0, text };
  for (; at < last && start + at < to; current.line += 1) {
    const end = endOfLine(bytes, at, last);
    const length = end - at;
    if (length > 1 || (length === 1 && bytes[at] !== carriageReturn)) {
      current.from = at;
      current.to = end;
      current.offset = start + at;
      visit(current);
    }
    at = end + 1;
  }
  return current.line;
}

export function blockAt(blocks: readonly TextBlock[], number: number): TextBlock {
  const block = blocks[number];
  if (block === undefined) throw new RangeError(`there is no block ${String(number)}`);
  return block;
}
