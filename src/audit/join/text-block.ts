import { isAscii } from 'node:buffer';
import { closeSync, openSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { readInto, spareBytes } from './bucket-file.ts';
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

export function createBlockReader(): BlockReader {
  const files = new Map<string, number>();
  let bytes = Buffer.allocUnsafeSlow(0);

  const fileOf = (path: string): number => {
    const known = files.get(path);
    if (known !== undefined) return known;
    const file = openSync(path, 'r');
    files.set(path, file);
    return file;
  };

  function reserve(length: number): void {
    if (bytes.length >= length + spareBytes) return;
    const more = Buffer.allocUnsafeSlow(length + 4 * stepBytes);
    bytes.copy(more);
    bytes = more;
  }

  /** From the byte before the block, which shows whether a line begins at its start, to the end of its last line. */
  function load({ path, from, to, isDocument: isWhole }: TextBlock): number {
    const file = fileOf(path);
    const start = Math.max(0, from - 1);
    reserve(to - start + stepBytes);
    let filled = readInto(file, bytes, 0, to - start, start);
    if (isWhole || bytes[filled - 1] === lineEnd) return filled;
    for (let isOpen = true; isOpen; ) {
      reserve(filled + stepBytes);
      const more = readInto(file, bytes, filled, stepBytes, start + filled);
      const end = bytes.subarray(filled, filled + more).indexOf(lineEnd);
      isOpen = end === -1 && more > 0;
      filled += end === -1 ? more : end + 1;
    }
    return filled;
  }

  return {
    read(block, visit) {
      const filled = load(block);
      if (!block.isDocument) return visitLines(block, bytes, filled, visit);
      visit({ bytes, from: 0, to: filled, line: 0, offset: 0, text: () => bytes.toString('utf8', 0, filled) });
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

/** Visits the lines that begin in a block. Returns how many there are, empty ones included. */
function visitLines({ from, to }: TextBlock, bytes: Buffer, filled: number, visit: (line: BlockLine) => void): number {
  const start = Math.max(0, from - 1);
  let at = from === 0 ? 0 : bytes.subarray(0, filled).indexOf(lineEnd) + 1;
  if (from > 0 && at === 0) return 0;
  // Nearly all files are plain ASCII, which is decoded five times as fast.
  const encoding = isAscii(bytes.subarray(0, filled)) ? 'latin1' : 'utf8';
  const text = () => bytes.toString(encoding, current.from, current.to);
  const current = { bytes, from: at, to: at, line: 0, offset: 0, text };
  for (; at < filled && start + at < to; current.line += 1) {
    const found = bytes.indexOf(lineEnd, at);
    const end = found === -1 || found >= filled ? filled : found;
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
