/** Lines with a number each, in one piece of bytes, so that they can be filed and put in order later. */

/** Number and length, before the bytes of the line. */
export const headBytes = 8;

/** A line in a piece of bytes: from `from` until before `to`. */
export type VisitLine = (number: number, bytes: Buffer, from: number, to: number) => void;

export function encodeNumberedLine(number: number, line: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(headBytes + line.length);
  writeHead(bytes, 0, number, line.length);
  bytes.set(line, headBytes);
  return bytes;
}

export function writeHead(bytes: Buffer, at: number, number: number, length: number): void {
  bytes.writeUInt32LE(number, at);
  bytes.writeUInt32LE(length, at + 4);
}

export function visitNumberedLines(bytes: Buffer, visit: VisitLine): void {
  for (let at = 0; at < bytes.length; ) {
    const from = at + headBytes;
    const to = from + bytes.readUInt32LE(at + 4);
    visit(bytes.readUInt32LE(at), bytes, from, to);
    at = to;
  }
}
