import { Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { ServiceError } from '../../service-error.ts';
import type { TextRedaction } from '../ports/answer-redaction.ts';

/** The codings that the broker asks for and can take off. */
export const acceptedCodings = 'gzip, deflate, br';

const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** More than anybody uses: each one more makes a small answer a larger one. */
const mostCodings = 2;

/** As much is searched at once. */
const chunkBytes = 65_536;

/**
 * A body with its codings taken off, as it streams. `codings`: outermost last.
 * @throws ServiceError `UPSTREAM_ANSWER_REFUSED` for a coding that is not known: what is in it could not be searched
 */
export function decodedBody(
  body: AsyncIterable<Buffer>,
  codings: readonly string[],
  host: string,
): AsyncIterable<Buffer> {
  const made = codings.map((coding) => decoders[coding]);
  if (made.length > mostCodings || made.includes(undefined))
    throw new ServiceError('UPSTREAM_ANSWER_REFUSED', { host, reason: 'its encoding is not known' });
  if (made.length === 0) return body;
  return decoding(body, made.toReversed(), host);
}

async function* decoding(
  body: AsyncIterable<Buffer>,
  made: readonly ((() => Transform) | undefined)[],
  host: string,
): AsyncGenerator<Buffer> {
  const source = Readable.from(body, { objectMode: false });
  let last: Readable = source;
  for (const make of made) {
    if (make === undefined) continue;
    const [before, decoder] = [last, make()];
    before.on('error', (error) => decoder.destroy(error));
    last = before.pipe(decoder);
  }
  try {
    for await (const part of last) yield part as Buffer;
  } catch (cause) {
    if (ServiceError.is(cause)) throw cause;
    throw new ServiceError('UPSTREAM_ANSWER_REFUSED', { host, reason: 'its encoding is broken' }, { cause });
  } finally {
    source.destroy();
    last.destroy();
  }
}

/** Masks values in a body as it streams: what may be the beginning of one waits for the bytes after it. */
export async function* redactedBody(body: AsyncIterable<Buffer>, redaction: TextRedaction): AsyncGenerator<Buffer> {
  for await (const part of body) {
    for (let from = 0; from < part.length; from += chunkBytes) {
      const given = redaction.push(part.subarray(from, from + chunkBytes));
      // Copied: the next call writes over it.
      if (given.length > 0) yield Buffer.from(given);
    }
  }
  const rest = redaction.end();
  if (rest.length > 0) yield Buffer.from(rest);
}
