import type { Readable } from 'node:stream';

const lineFeed = 0x0a;

/** Yields each line of a stream as text; `null` for one that is longer than `most` bytes, which is never held whole. */
export async function* readLines(input: Readable, most: number): AsyncGenerator<string | null> {
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of input as AsyncIterable<Buffer | string>) {
    let rest = Buffer.from(chunk);
    for (;;) {
      const end = rest.indexOf(lineFeed);
      const part = end === -1 ? rest : rest.subarray(0, end);
      length += part.length;
      if (length <= most) parts.push(part);
      else parts = [];
      if (end === -1) break;
      yield length <= most ? Buffer.concat(parts).toString('utf8') : null;
      parts = [];
      length = 0;
      rest = rest.subarray(end + 1);
    }
  }
  if (length > 0) yield length <= most ? Buffer.concat(parts).toString('utf8') : null;
}
