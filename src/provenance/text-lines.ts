import { StringDecoder } from 'node:string_decoder';

/**
 * The lines of a text, which line feeds alone end, without them. Node's own reader of lines ends one at U+2028 and U+2029
 * too, which JSON may contain and a name may bring.
 */
export async function* textLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const text = decoder.write(chunk);
    let from = 0;
    // Only the new part is searched, so that a line without end takes time in proportion to its length.
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      yield `${rest}${text.slice(from, end)}`;
      rest = '';
      from = end + 1;
    }
    rest += text.slice(from);
  }
  rest += decoder.end();
  if (rest !== '') yield rest;
}
