import { ServiceError } from '../../service-error.ts';
import type { SecretValue } from '../../secrets/secret-value.ts';
import type { Swap } from './decide-use.ts';
import { basicText, isAuthorization, queryFields } from './find-placeholders.ts';
import type { UseRequest } from './use-request.ts';

/** A request with the values in their places: for the wire alone, and never kept. */
interface FilledRequest {
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** `null`: the body streams as it is. */
  readonly body: Buffer | null;
}

/**
 * Puts values in the place of placeholders, each written as its place needs it, and only there.
 * @throws ServiceError `VALUE_NOT_USABLE` for a value that cannot stand in its place: it could end a header and begin another
 */
export function putValues(
  { url, headers }: UseRequest,
  body: Buffer | null,
  { swaps, values }: { readonly swaps: readonly Swap[]; readonly values: ReadonlyMap<string, SecretValue> },
): FilledRequest {
  const filled = (text: string, place: string, write: (value: string) => string): string =>
    swaps
      .filter((swap) => swap.place === place)
      .reduce((so, { placeholder, secret }) => {
        const value = values.get(secret);
        return value === undefined ? so : so.replaceAll(placeholder, () => write(value.reveal()));
      }, text);
  const kind = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  return {
    url: fillQuery(url, filled),
    headers: headers.map(([name, value]) => [name, fillHeader(name, value, filled)] as const),
    body: body === null ? null : Buffer.from(filled(body.toString('latin1'), 'body', bodyWriter(kind)), 'latin1'),
  };
}

type Fill = (text: string, place: string, write: (value: string) => string) => string;

function fillHeader(name: string, value: string, filled: Fill): string {
  const place = `header:${name.toLowerCase()}`;
  const plain = filled(value, place, (secret) => {
    if (!/^[\t -~]+$/.test(secret)) throw new ServiceError('VALUE_NOT_USABLE', { place });
    return secret;
  });
  const basic = isAuthorization(name) ? basicText(plain) : null;
  if (basic === null) return plain;
  const inside = filled(basic, 'basic', (secret) => secret);
  return inside === basic ? plain : `Basic ${Buffer.from(inside).toString('base64')}`;
}

function fillQuery(url: URL, filled: Fill): URL {
  const fields = queryFields(url);
  if (fields.length === 0) return url;
  const written = fields.map(({ name, rawName, value }) =>
    value === null ? rawName : `${rawName}=${filled(value, `query:${name}`, encodeURIComponent)}`,
  );
  const to = new URL(url);
  to.search = `?${written.join('&')}`;
  return to;
}

/** How a value is written in a body of this type. Bytes are handled as characters of Latin-1, so that all others stay. */
function bodyWriter(type: string): (value: string) => string {
  const inBytes = (text: string) => Buffer.from(text).toString('latin1');
  if (/^application\/([\w.-]+\+)?json\b/i.test(type)) return (value) => inBytes(JSON.stringify(value).slice(1, -1));
  if (/^application\/x-www-form-urlencoded\b/i.test(type)) return encodeURIComponent;
  return inBytes;
}
