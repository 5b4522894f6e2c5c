import { ServiceError } from '../../service-error.ts';

/** The body of a request: whole, where something may be put into it, or as it comes. */
export interface RequestBody {
  /** `null`: nothing is put into it. */
  readonly whole: Buffer | null;
  readonly stream: AsyncIterable<Uint8Array>;
}

/** A larger body is passed on as it is. */
const mostHeldBytes = 1024 * 1024;

/**
 * Reads a body into memory if something may be put into it and it is short enough. One that is longer goes on as it comes.
 * @throws ServiceError `REQUEST_MALFORMED` for a body of another length than its head named
 */
export async function heldBody(
  body: AsyncIterable<Uint8Array>,
  length: number | null,
  isWanted: boolean,
): Promise<RequestBody> {
  if (length === 0) return { whole: null, stream: empty(body) };
  if (!isWanted || (length ?? 0) > mostHeldBytes) return { whole: null, stream: body };
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const rest = body[Symbol.asyncIterator]();
  while (bytes <= mostHeldBytes) {
    const part = await rest.next();
    if (part.done === true) return { whole: ofLength(Buffer.concat(parts), length), stream: body };
    parts.push(part.value);
    bytes += part.value.byteLength;
  }
  return { whole: null, stream: joined(parts, rest) };
}

function ofLength(whole: Buffer, length: number | null): Buffer {
  if (length !== null && whole.length !== length)
    throw new ServiceError('REQUEST_MALFORMED', { place: 'body', reason: 'has another length than its head names' });
  return whole;
}

/** Nothing; a body where its head names none ends the exchange. */
async function* empty(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of body) if (part.byteLength > 0) yield part;
}

async function* joined(parts: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* parts;
  for (let part = await rest.next(); part.done !== true; part = await rest.next()) yield part.value;
}
