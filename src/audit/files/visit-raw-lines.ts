import { constants } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { ServiceError } from '../../service-error.ts';
import { unreadable } from './read-json-lines.ts';

/** One line of a file: the bytes from `from` until before `to`, valid until the visit returns. */
export interface RawLine {
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  /** From 1. */
  readonly number: number;
}

const pieceBytes = 1 << 20;
/** What reads words of several bytes may look beyond a line. */
const spareBytes = 4_096;
const lineEnd = 0x0a;
const carriageReturn = 0x0d;

/**
 * Visits the lines of a file that are not empty, without their ends, a piece of the file in memory at a time. `between` is
 * awaited after each piece. A visit that returns `false` ends it.
 * @throws ServiceError `FILE_MISSING`; `RECORD_UNREADABLE` if the file cannot be opened or read.
 */
export async function visitRawLines(
  path: string,
  visit: (line: RawLine) => boolean,
  between: () => Promise<void>,
): Promise<void> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    let bytes: Buffer = Buffer.allocUnsafeSlow(pieceBytes + spareBytes);
    let filled = 0;
    let number = 0;
    for (let isOpen = true; isOpen; ) {
      if (bytes.length - spareBytes === filled) bytes = enlarged(bytes, filled, path);
      const read = await readSome(file, bytes, filled, path);
      isOpen = read > 0;
      filled += read;
      let from = 0;
      for (;;) {
        const end = bytes.subarray(0, filled).indexOf(lineEnd, from);
        if (end === -1 && (isOpen || from === filled)) break;
        const to = end === -1 ? filled : end;
        number += 1;
        const textEnd = to > from && bytes[to - 1] === carriageReturn ? to - 1 : to;
        if (textEnd > from && !visit({ bytes, from, to: textEnd, number })) return;
        from = Math.min(filled, to + 1);
      }
      bytes.copyWithin(0, from, filled);
      filled -= from;
      await between();
    }
  } finally {
    await file.close();
  }
}

async function readSome(file: FileHandle, bytes: Buffer, filled: number, path: string): Promise<number> {
  try {
    return (await file.read(bytes, filled, bytes.length - spareBytes - filled, null)).bytesRead;
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** @throws ServiceError `RECORD_UNREADABLE` for a line that no text can hold. */
function enlarged(bytes: Buffer, filled: number, path: string): Buffer {
  if (filled > constants.MAX_STRING_LENGTH)
    throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'it has a line that is too long' });
  const more = Buffer.allocUnsafeSlow(2 * bytes.length);
  bytes.copy(more, 0, 0, filled);
  return more;
}
