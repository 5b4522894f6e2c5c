/** Lines with a number each, in one piece of bytes, so that they can be filed and put in order later. */
export interface NumberedLine {
  readonly number: number;
  readonly text: string;
}

/** Number and length, before the bytes of the line. */
const headBytes = 8;

export function encodeNumberedLine(number: number, text: string | Uint8Array): Buffer {
  const length = typeof text === 'string' ? Buffer.byteLength(text) : text.length;
  const bytes = Buffer.allocUnsafe(headBytes + length);
  bytes.writeUInt32LE(number, 0);
  bytes.writeUInt32LE(length, 4);
  if (typeof text === 'string') bytes.write(text, headBytes);
  else bytes.set(text, headBytes);
  return bytes;
}

export function* decodeNumberedLines(pieces: readonly Buffer[]): Generator<NumberedLine> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const length = piece.readUInt32LE(at + 4);
      yield { number: piece.readUInt32LE(at), text: piece.toString('utf8', at + headBytes, at + headBytes + length) };
      at += headBytes + length;
    }
  }
}
