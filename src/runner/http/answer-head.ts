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

/**
 * A status line and header lines, as one expression: each that is met twice is compiled to machine code, in a start that a
 * job waits for. The lines are those of `headerLine`.
 */
const wholeHead =
  /^HTTP\/1\.[01] [1-9]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?(?:\r\n[!#$%&'*+.^_`|~\dA-Za-z-]+:[\t\x20-\x7e\x80-\xff]*)*$/;
/** No space before the colon, no line that continues another, no control character. */
const headerLine = /^[!#$%&'*+.^_`|~\dA-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/;

/** Servers close idle connections after five seconds and more, mostly. */
const usualIdleMs = 4_000;
const mostIdleMs = 60_000;

/**
 * Parses the head of an answer, without the empty line at its end. Where a lenient reader could see another body than a
 * strict one (RFC 9112, 11.2), it refuses the answer.
 * @throws Error `ANSWER_MALFORMED`, `ANSWER_TOO_LONG`
 */
export function parseAnswerHead(text: string): AnswerHead {
  if (!wholeHead.test(text)) refuseAnswer('No status line, or a line that is no header.');
  const [first = '', ...lines] = text.split('\r\n');
  const isNew = first.startsWith('HTTP/1.1');
  if (lines.length > mostHeaders) throw answerFault('ANSWER_TOO_LONG', 'Too many headers.');
  const headers = Object.create(null) as Record<string, string | undefined>;
  for (const line of lines) {
    const [name, value] = headerOf(line);
    const before = headers[name];
    if (before !== undefined && isFraming(name)) refuseAnswer('Framed twice.');
    headers[name] = before === undefined ? value : `${before}, ${value}`;
  }
  const status = Number(first.slice(9, 12));
  const framing = framingOf(status, headers, isNew);
  const isLast = !isNew || framing.ends === 'with-connection' || closes(headers['connection']);
  return { status, headers, framing, idleMs: isLast ? 0 : idleMs(headers['keep-alive']) };
}

/** The name in small letters, and the value. @throws Error `ANSWER_MALFORMED` */
export function parseHeaderLine(line: string): readonly [string, string] {
  return headerLine.test(line) ? headerOf(line) : refuseAnswer('No header.');
}

function headerOf(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  let from = colon + 1;
  while (line[from] === ' ' || line[from] === '\t') from += 1;
  return [line.slice(0, colon).toLowerCase(), line.slice(from).trimEnd()];
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
  if (length !== undefined && !isDecimal(length)) refuseAnswer('No length.');
  if (status < 200 || status === 204 || status === 304) return { ends: 'at-once' };
  if (encoding !== undefined) return { ends: 'with-last-chunk' };
  if (length === undefined) return { ends: 'with-connection' };
  if (Number(length) > mostBodyBytes) throw answerFault('ANSWER_TOO_LONG', 'Too long.');
  return { ends: 'after', bytes: Number(length) };
}

function closes(connection: string | undefined): boolean {
  return connection?.split(',').some((word) => word.trim().toLowerCase() === 'close') === true;
}

function isDecimal(text: string): boolean {
  if (text.length === 0 || text.length > 15) return false;
  for (const sign of text) if (sign < '0' || sign > '9') return false;
  return true;
}

/** A second less than the server waits: a request must not meet a connection that the server is closing. */
function idleMs(keepAlive: string | undefined): number {
  const at = keepAlive?.indexOf('timeout=') ?? -1;
  if (keepAlive === undefined || at < 0) return usualIdleMs;
  const seconds = Number.parseInt(keepAlive.slice(at + 'timeout='.length), 10);
  return Number.isNaN(seconds) ? usualIdleMs : Math.min(Math.max(0, seconds * 1000 - 1000), mostIdleMs);
}
