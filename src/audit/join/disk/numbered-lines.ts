import type { BucketWriter } from './bucket-file.ts';

/** Lines with a number each, filed by their blocks, to be put in order later. */

/** Number and length, before the bytes of the line. */
const headBytes = 8;

export interface NumberedLines {
  /** The line is the bytes from `from` until before `to`. */
  add(block: number, number: number, bytes: Buffer, from: number, to: number): void;
}

export function createNumberedLines(writer: BucketWriter): NumberedLines {
  let record = Buffer.allocUnsafeSlow(1 << 10);
  return {
    add(block, number, bytes, from, to) {
      const length = headBytes + to - from;
      if (record.length < length) record = Buffer.allocUnsafeSlow(2 * length);
      record.writeUInt32LE(number, 0);
      record.writeUInt32LE(to - from, 4);
      bytes.copy(record, headBytes, from, to);
      writer.add(block, record, 0, length);
    },
  };
}

/** A copy of the lines of one block in order of their numbers, of which each occurs once, without these. */
export function linesInOrder(bytes: Buffer): Buffer {
  let count = 0;
  let most = 0;
  for (let at = 0; at < bytes.length; at += headBytes + bytes.readUInt32LE(at + 4)) {
    count += 1;
    most = Math.max(most, bytes.readUInt32LE(at));
  }
  /** By the number: where each line is. */
  const places = new Int32Array(most + 1).fill(-1);
  for (let at = 0; at < bytes.length; at += headBytes + bytes.readUInt32LE(at + 4)) places[bytes.readUInt32LE(at)] = at;
  const text = Buffer.allocUnsafeSlow(bytes.length - headBytes * count);
  let filled = 0;
  for (const at of places) {
    if (at === -1) continue;
    const from = at + headBytes;
    filled += bytes.copy(text, filled, from, from + bytes.readUInt32LE(at + 4));
  }
  return text;
}
