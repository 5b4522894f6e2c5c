import { ServiceError } from '../service-error.ts';

/**
 * The raw bytes of a request's body, refused above the limit without reading the rest.
 * @throws ServiceError `REQUEST_TOO_LARGE`.
 */
export async function readBody(request: Request, limitBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const bytes of bytesOf(request.body)) {
    size += bytes.byteLength;
    if (size > limitBytes) throw new ServiceError('REQUEST_TOO_LARGE', { limitBytes });
    parts.push(bytes);
  }
  return Buffer.concat(parts);
}

/** A request's body is a stream of bytes, though the type of the stream does not say so. */
export async function* bytesOf(body: Request['body']): AsyncGenerator<Uint8Array> {
  for await (const part of body ?? []) {
    if (part instanceof Uint8Array) yield part;
    else throw new TypeError('The body of this request is not a stream of bytes.');
  }
}

/** JSON from bytes. @throws ServiceError `REQUEST_MALFORMED` with the place as the parser names it. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw new ServiceError('REQUEST_MALFORMED', { place: 'body', reason: 'not JSON in UTF-8' });
  }
}
