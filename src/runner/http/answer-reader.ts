import { bodyReader, type BodyReader } from './answer-body.ts';
import { answerFault, refuseAnswer } from './answer-fault.ts';
import { type AnswerHead, mostBodyBytes, mostHeadBytes, parseAnswerHead } from './answer-head.ts';

/** One whole answer. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: AnswerHead['headers'];
  readonly body: string;
  /** How long the connection may wait for another exchange, in milliseconds; 0 if it must not be used again. */
  readonly idleMs: number;
}

/** The bytes of one answer to a GET or a POST, as they come. */
export interface AnswerReader {
  /**
   * Takes bytes, which are only good until it returns. Returns the answer once it is whole, `null` before.
   * @throws Error `ANSWER_MALFORMED`, `ANSWER_TOO_LONG`
   */
  read(bytes: Buffer): WholeAnswer | null;
  /** The answer if the end of the connection makes it whole, `null` if it breaks it off. */
  end(): WholeAnswer | null;
}

/** Reads one answer of HTTP/1.1 or 1.0 strictly (RFC 9112). Interim answers (1xx) before it are passed over. */
export function answerReader(): AnswerReader {
  let text = '';
  let headBytes = 0;
  let begun: { readonly head: AnswerHead; readonly body: BodyReader } | null = null;
  const contents: Buffer[] = [];
  let length = 0;
  return {
    read(bytes) {
      let at = 0;
      while (begun === null) {
        const before = text.length;
        text += bytes.toString('latin1', at);
        const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3));
        const known = end < 0 ? text.length : end + 4;
        if (headBytes + known > mostHeadBytes) throw answerFault('ANSWER_TOO_LONG', 'Too long a head.');
        if (end < 0) return null;
        at += known - before;
        begin(parseAnswerHead(text.slice(0, end)));
        headBytes += known;
        text = '';
      }
      const rest = bytes.subarray(at);
      const last = begun.body.read(rest);
      // Bytes after an answer that nobody asked for: whatever they are, the connection is of no more use.
      return last === null ? null : whole(begun.head, last < rest.length ? 0 : begun.head.idleMs);
    },
    end: () => (begun?.body.endsWithConnection === true ? whole(begun.head, 0) : null),
  };

  function begin(head: AnswerHead): void {
    if (head.status === 101) refuseAnswer('Another protocol.');
    if (head.status >= 200) begun = { head, body: bodyReader(head.framing, take) };
  }

  function take(content: Buffer): void {
    length += content.length;
    if (length > mostBodyBytes) throw answerFault('ANSWER_TOO_LONG', 'Too long.');
    contents.push(Buffer.from(content));
  }

  function whole({ status, headers }: AnswerHead, idleMs: number): WholeAnswer {
    return { status, headers, body: Buffer.concat(contents).toString('utf8'), idleMs };
  }
}
