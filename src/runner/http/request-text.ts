/** A request as HTTP/1.1 writes it (RFC 9112). */
export interface WrittenRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

const headerName = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;
/** Visible ASCII, spaces and tabs: nothing that would end the line, or mean two things in two encodings. */
const headerValue = /^[\t\x20-\x7e]*$/;

/**
 * The text of a request, to be sent as UTF-8. The connection stays open unless a header says otherwise.
 * @throws Error `ERR_INVALID_CHAR`, which names the header and not its value
 */
export function requestText({ method, url, headers, body }: WrittenRequest): string {
  let text = `${method} ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n`;
  refuseUnfit(headers);
  for (const [name, value] of Object.entries(headers)) text += `${name}: ${value}\r\n`;
  if (body === undefined) return `${text}\r\n`;
  return `${text}content-length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`;
}

/** All names and all values at once: what is fit as one text is fit in parts, and each look by an expression takes time. */
function refuseUnfit(headers: Readonly<Record<string, string>>): void {
  const names = Object.keys(headers);
  const isFit = headerValue.test(Object.values(headers).join('')) && !names.includes('');
  if (names.length === 0 || (isFit && headerName.test(names.join('')))) return;
  const unfit = names.find((name) => !headerName.test(name) || !headerValue.test(headers[name] ?? '')) ?? '';
  throw Object.assign(new Error(`The header ${JSON.stringify(unfit)} cannot be sent.`), { code: 'ERR_INVALID_CHAR' });
}
