import { answerFault, refuseAnswer } from './answer-fault.ts';
import { type Framing, mostHeadBytes, parseHeaderLine } from './answer-head.ts';

/** The bytes of a body, as they come. */
export interface BodyReader {
  /** Takes bytes. Returns how many of them are the body's last ones, `null` if it goes on. @throws Error `ANSWER_MALFORMED` */
  read(bytes: Buffer): number | null;
  /** Whether the body is whole if the connection ends now. */
  readonly endsWithConnection: boolean;
}

/** `take`: called with the content, whose bytes are only good until it returns. */
export function bodyReader(framing: Framing, take: (content: Buffer) => void): BodyReader {
  switch (framing.ends) {
    case 'at-once':
      return countedBody(0, take);
    case 'after':
      return countedBody(framing.bytes, take);
    case 'with-last-chunk':
      return chunkedBody(take);
    case 'with-connection':
      return {
        read(bytes) {
          take(bytes);
          return null;
        },
        endsWithConnection: true,
      };
  }
}

function countedBody(length: number, take: (content: Buffer) => void): BodyReader {
  let left = length;
  return {
    read(bytes) {
      const count = Math.min(left, bytes.length);
      take(bytes.subarray(0, count));
      left -= count;
      return left === 0 ? count : null;
    },
    endsWithConnection: false,
  };
}

/** The size of a chunk, and extensions, which mean nothing here (RFC 9112, 7.1.1). */
const chunkLine = /^([\da-fA-F]{1,7})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/;
/** All extensions and trailers together: an answer must not grow beside its content. */
const mostLineBytes = mostHeadBytes;
const lineFeed = 0x0a;

function chunkedBody(take: (content: Buffer) => void): BodyReader {
  let expected: 'size' | 'content' | 'end of content' | 'trailer' = 'size';
  let left = 0;
  let line = '';
  let lineBytes = 0;
  return { read, endsWithConnection: false };

  function read(bytes: Buffer): number | null {
    for (let at = 0; at < bytes.length; ) {
      if (expected === 'content') {
        const to = Math.min(bytes.length, at + left);
        take(bytes.subarray(at, to));
        left -= to - at;
        at = to;
        if (left === 0) expected = 'end of content';
        continue;
      }
      const feed = bytes.indexOf(lineFeed, at);
      const to = feed < 0 ? bytes.length : feed + 1;
      addToLine(bytes.toString('latin1', at, to));
      at = to;
      if (feed >= 0 && isLastLine()) return at;
    }
    return null;
  }

  function addToLine(text: string): void {
    line += text;
    // What every chunk needs is not counted, or the content would be limited by the size of its chunks.
    if (line.length > leastLine) lineBytes += Math.min(text.length, line.length - leastLine);
    if (lineBytes > mostLineBytes) throw answerFault('ANSWER_TOO_LONG', 'Too much beside the content.');
  }

  function isLastLine(): boolean {
    if (!line.endsWith('\r\n')) refuseAnswer('A line without its end.');
    const text = line.slice(0, -2);
    line = '';
    if (expected === 'trailer') {
      if (text !== '') parseHeaderLine(text);
      return text === '';
    }
    if (expected === 'size') {
      const [, digits = ''] = chunkLine.exec(text) ?? refuseAnswer('No size of a chunk.');
      left = Number.parseInt(digits, 16);
      expected = left === 0 ? 'trailer' : 'content';
      return false;
    }
    if (text !== '') refuseAnswer('A chunk that is longer than its size.');
    expected = 'size';
    return false;
  }
}

/** `fffffff` and the end of its line. */
const leastLine = 9;
