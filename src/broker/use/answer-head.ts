import { type AnswerHead, encodeHead, forbiddenInHead, mostHeadCharacters } from '../../provenance/use-exchange.ts';
import { ServiceError } from '../../service-error.ts';
import type { TextRedaction } from '../ports/answer-redaction.ts';
import type { UpstreamAnswer } from '../ports/upstream.ts';

/**
 * Headers that speak of bytes which the job does not get: they were decoded, and may be masked. A digest of an answer that
 * shows the value would tell about the value.
 */
const ofOtherBytes: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-md5',
  'content-range',
  'digest',
  'repr-digest',
  // Another way to the host, past the broker.
  'alt-svc',
]);

/**
 * The head of an answer as the job gets it: without what belongs to the connection, and with values masked in every header.
 * @throws ServiceError `UPSTREAM_ANSWER_REFUSED` for a part of an answer, or a head that is too long
 */
export function answerHead(
  { status, headers }: UpstreamAnswer,
  {
    method,
    host,
    redaction,
  }: { readonly method: string; readonly host: string; readonly redaction: () => TextRedaction },
): AnswerHead {
  // Parts of an answer would be searched one by one, and a value that is cut in two is found in neither.
  if (status === 206) throw new ServiceError('UPSTREAM_ANSWER_REFUSED', { host, reason: 'it is a part of an answer' });
  const named = headers.flatMap(([name, value]) =>
    name.toLowerCase() === 'connection' ? value.toLowerCase().split(/ *, */) : [],
  );
  const head = {
    status,
    headers: headers.flatMap(([name, value]): [string, string][] => {
      const lower = name.toLowerCase();
      const isLength = lower === 'content-length' && method === 'HEAD' && !isEncoded(headers);
      if ((forbiddenInHead.has(lower) && !isLength) || ofOtherBytes.has(lower) || named.includes(lower)) return [];
      // A name that holds the value is no header that anybody waits for.
      return masked(name, redaction) === name ? [[name, printable(masked(value, redaction))]] : [];
    }),
  };
  if (encodeHead(head).length > mostHeadCharacters)
    throw new ServiceError('UPSTREAM_ANSWER_REFUSED', { host, reason: 'its head is too long' });
  return head;
}

/** The codings of a body, outermost last, as `content-encoding` names them. */
export function codingsOf({ headers }: Pick<UpstreamAnswer, 'headers'>): readonly string[] {
  return headers
    .filter(([name]) => name.toLowerCase() === 'content-encoding')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
}

function isEncoded(headers: UpstreamAnswer['headers']): boolean {
  return codingsOf({ headers }).length > 0;
}

function masked(text: string, redaction: () => TextRedaction): string {
  const stream = redaction();
  // The first is good only until the second call.
  const first = Buffer.from(stream.push(Buffer.from(text, 'latin1')));
  return Buffer.concat([first, stream.end()]).toString('latin1');
}

/** What a head may hold: no control characters. */
function printable(value: string): string {
  return value.replaceAll(/[^\t -~\u0080-\u00ff]/g, ' ');
}
