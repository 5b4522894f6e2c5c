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
  for (const [name, value] of Object.entries(headers)) {
    if (!headerName.test(name) || !headerValue.test(value)) {
      throw Object.assign(new Error(`The header ${JSON.stringify(name)} cannot be sent.`), {
        code: 'ERR_INVALID_CHAR',
      });
    }
    text += `${name}: ${value}\r\n`;
  }
  if (body === undefined) return `${text}\r\n`;
  return `${text}content-length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`;
}
