import { answerFault, refuseAnswer } from './answer-fault.ts';

/** How a body ends (RFC 9112, 6.3). */
export type Framing =
  | { readonly ends: 'at-once' }
  | { readonly ends: 'after'; readonly bytes: number }
  | { readonly ends: 'with-last-chunk' }
  | { readonly ends: 'with-connection' };

export interface AnswerHead {
  readonly status: number;
  /** By name in small letters; the values of a repeated header are joined by commas. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly framing: Framing;
  /** How long the connection may wait for another exchange, in milliseconds; 0 if it must not be used again. */
  readonly idleMs: number;
}

/** The most bytes of all heads of one answer: as much as Node's own client takes. */
export const mostHeadBytes = 16_384;
const mostHeaders = 100;
/** Key Vault's largest answer is a value of 25 KB; a page of a listing is smaller too. */
export const mostBodyBytes = 4 * 1024 * 1024;

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
/** No space before the colon, no line that continues another, no control character. */
const headerLine = /^([!#$%&'*+.^_`|~\dA-Za-z-]+):[\t ]*([\t\x20-\x7e\x80-\xff]*)$/;
const decimal = /^\d{1,15}$/;

/** Servers close idle connections after five seconds and more, mostly. */
const usualIdleMs = 4_000;
const mostIdleMs = 60_000;

/**
 * Parses the head of an answer, without the empty line at its end. Where a lenient reader could see another body than a
 * strict one (RFC 9112, 11.2), it refuses the answer.
 * @throws Error `ANSWER_MALFORMED`, `ANSWER_TOO_LONG`
 */
export function parseAnswerHead(text: string): AnswerHead {
  const [first = '', ...lines] = text.split('\r\n');
  const [, minor, digits = ''] = statusLine.exec(first) ?? refuseAnswer('No status line.');
  if (lines.length > mostHeaders) throw answerFault('ANSWER_TOO_LONG', 'Too many headers.');
  const headers = Object.create(null) as Record<string, string | undefined>;
  for (const line of lines) {
    const [name, value] = parseHeaderLine(line);
    const before = headers[name];
    if (before !== undefined && isFraming(name)) refuseAnswer('Framed twice.');
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  const status = Number(digits);
  const framing = framingOf(status, headers, minor === '1');
  const isLast = minor !== '1' || framing.ends === 'with-connection' || closes(headers['connection']);
  return { status, headers, framing, idleMs: isLast ? 0 : idleMs(headers['keep-alive']) };
}

/** The name in small letters, and the value. @throws Error `ANSWER_MALFORMED` */
export function parseHeaderLine(line: string): readonly [string, string] {
  const [, name = '', value = ''] = headerLine.exec(line) ?? refuseAnswer('No header.');
  return [name.toLowerCase(), value.trimEnd()];
}

function isFraming(name: string): boolean {
  return name === 'content-length' || name === 'transfer-encoding';
}

function framingOf(status: number, headers: AnswerHead['headers'], isNew: boolean): Framing {
  const length = headers['content-length'];
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && (length !== undefined || !isNew || encoding.toLowerCase() !== 'chunked')) {
    refuseAnswer('Framed in a way that is not known.');
  }
  if (length !== undefined && !decimal.test(length)) refuseAnswer('No length.');
  if (status < 200 || status === 204 || status === 304) return { ends: 'at-once' };
  if (encoding !== undefined) return { ends: 'with-last-chunk' };
  if (length === undefined) return { ends: 'with-connection' };
  if (Number(length) > mostBodyBytes) throw answerFault('ANSWER_TOO_LONG', 'Too long.');
  return { ends: 'after', bytes: Number(length) };
}

function closes(connection: string | undefined): boolean {
  return connection !== undefined && /(^|,)\s*close\s*(,|$)/i.test(connection);
}

/** A second less than the server waits: a request must not meet a connection that the server is closing. */
function idleMs(keepAlive: string | undefined): number {
  const at = keepAlive?.indexOf('timeout=') ?? -1;
  if (keepAlive === undefined || at < 0) return usualIdleMs;
  const seconds = Number.parseInt(keepAlive.slice(at + 'timeout='.length), 10);
  return Number.isNaN(seconds) ? usualIdleMs : Math.min(Math.max(0, seconds * 1000 - 1000), mostIdleMs);
}
