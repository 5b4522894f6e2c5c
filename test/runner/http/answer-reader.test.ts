import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerReader, type WholeAnswer } from '../../../src/runner/http/answer-reader.ts';

/** Reads pieces of one answer; then the connection ends. */
function read(...pieces: readonly (string | Buffer)[]): WholeAnswer | null {
  const reader = answerReader();
  for (const piece of pieces) {
    // A connection uses its buffer again.
    const bytes = Buffer.from(piece as string, 'latin1');
    const answer = reader.read(bytes);
    bytes.fill(0);
    if (answer !== null) return answer;
  }
  return reader.end();
}

const codeOf = (act: () => unknown): string => {
  try {
    return JSON.stringify(act());
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : `thrown: ${String(error)}`;
  }
};

describe('an answer', () => {
  it('is read with its length', () => {
    expect(read('HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Id: a\r\nx-id:\t b \r\n\r\nhere')).toMatchObject({
      status: 200,
      headers: { 'content-length': '4', 'x-id': 'a, b' },
      body: 'here',
      idleMs: 4_000,
    });
  });

  it('is read in chunks, without their extensions and trailers', () => {
    const chunks = '4;name="a b"\r\nhere\r\n00a\r\n, and there\r\n0\r\nx-sum: 1\r\n\r\n'.replace('00a', 'b');
    expect(read(`HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n${chunks}`)).toMatchObject({
      body: 'here, and there',
      idleMs: 4_000,
    });
  });

  it('is read to the end of its connection where it names no end, and the connection is not used again', () => {
    expect(read('HTTP/1.0 200 OK\r\n\r\nhe', 're')).toMatchObject({ body: 'here', idleMs: 0 });
  });

  it('is read after interim ones', () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n';
    expect(read(`${interim}HTTP/1.1 204 No Content\r\n\r\n`)).toMatchObject({ status: 204, body: '', idleMs: 4_000 });
  });

  it.each([
    ['connection: close\r\n', 0],
    ['connection: x, Close\r\n', 0],
    ['keep-alive: timeout=5, max=3\r\n', 4_000],
    ['keep-alive: timeout=1\r\n', 0],
    ['keep-alive: timeout=99999\r\n', 60_000],
    ['keep-alive: timeout=soon\r\n', 4_000],
  ])('with %j leaves its connection usable for %i ms', (header, idleMs) => {
    expect(read(`HTTP/1.1 200 OK\r\n${header}content-length: 0\r\n\r\n`)?.idleMs).toBe(idleMs);
  });

  it('takes nothing of what follows it, and gives the connection up', () => {
    const next = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother';
    expect(read(`HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhere${next}`)).toMatchObject({ body: 'here', idleMs: 0 });
  });

  it.each([
    ['', ''],
    ['HTTP/1.1 200 OK\r\nconten', ''],
    ['HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n', 'her'],
    ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', '4\r\nhere\r\n0\r\n'],
    ['HTTP/1.1 100 Continue\r\n\r\n', ''],
  ])('that breaks off is none: %j %j', (head, body) => {
    expect(read(`${head}${body}`)).toBeNull();
  });
});

describe('an answer that two readers could read in two ways is refused', () => {
  it.each([
    ['another protocol', 'HTTP/2 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a line that no carriage return ends', 'HTTP/1.1 200 OK\nx: y\r\n\r\n'],
    ['a carriage return within a line', 'HTTP/1.1 200 OK\r\nx: y\rz: 1\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\ncontent-length : 4\r\n\r\nhere'],
    ['a line that continues another', 'HTTP/1.1 200 OK\r\nx: y\r\n z\r\n\r\n'],
    ['a header without a name', 'HTTP/1.1 200 OK\r\n: y\r\n\r\n'],
    ['a NUL in a header', 'HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 4\r\n\r\nhere'],
    ['a list of lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 4, 4\r\n\r\nhere'],
    ['a length with a sign', 'HTTP/1.1 200 OK\r\ncontent-length: +4\r\n\r\nhere'],
    ['an empty length', 'HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\nhere'],
    ['a length in base 16', 'HTTP/1.1 200 OK\r\ncontent-length: 0x4\r\n\r\nhere'],
    ['a length beside chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['chunks twice', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['another encoding', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\r\n'],
    ['a chunk with a sign', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n'],
    ['a chunk of eight digits', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n00000001\r\n'],
    ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhere\r\n0\r\n\r\n'],
    ['a chunk that no carriage return ends', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\nhere\r\n'],
    [
      'a trailer that is no header',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nHTTP/1.1 200 OK\r\n\r\n',
    ],
    ['a change of protocol', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'],
  ])('%s', (_name, text) => {
    expect(codeOf(() => read(text))).toBe('ANSWER_MALFORMED');
  });
});

describe('an answer that does not end', () => {
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
  const megabyte = 'x'.repeat(1_048_576);
  it.each([
    ['a status line', 'HTTP/1.1 200 ', 'x'.repeat(1_000)],
    ['headers', 'HTTP/1.1 200 OK\r\n', 'x: y\r\n'],
    ['interim answers', '', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['a body without a length', 'HTTP/1.1 200 OK\r\n\r\n', megabyte],
    ['chunks', chunked, `100000\r\n${megabyte}\r\n`],
    ['an extension', `${chunked}4;`, 'x'.repeat(1_000)],
    ['extensions of many chunks', chunked, `1;${'x'.repeat(300)}\r\nx\r\n`],
    ['trailers', `${chunked}0\r\n`, 'x: some text\r\n'],
  ])('is refused before it fills the memory: %s', (_name, first, again) => {
    const reader = answerReader();
    const feed = () => {
      reader.read(Buffer.from(first));
      for (let bytes = 0; bytes < 8 * 1_048_576; bytes += again.length) reader.read(Buffer.from(again));
      return 'taken';
    };
    expect(codeOf(feed)).toBe('ANSWER_TOO_LONG');
  });

  it('is refused at its head if it says so', () => {
    expect(codeOf(() => read('HTTP/1.1 200 OK\r\ncontent-length: 4194305\r\n\r\n'))).toBe('ANSWER_TOO_LONG');
    const headers = Array.from({ length: 101 }, (_, index) => `x${String(index)}: y\r\n`).join('');
    expect(codeOf(() => read(`HTTP/1.1 200 OK\r\n${headers}\r\n`))).toBe('ANSWER_TOO_LONG');
  });

  it('may have as much content in small chunks as in large ones', () => {
    const body = '1\r\nx\r\n'.repeat(100_000);
    expect(read(`${chunked}${body}0\r\n\r\n`)?.body).toHaveLength(100_000);
  });
});

const bodyArbitrary = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const nameArbitrary = fc.stringMatching(/^x-[a-z\d-]{1,10}$/);
const valueArbitrary = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);

/** An answer as a server may write it, and what it says. */
const answerArbitrary = fc
  .record({
    status: fc.integer({ min: 200, max: 599 }).filter((status) => status !== 204 && status !== 304),
    headers: fc.dictionary(nameArbitrary, valueArbitrary, { maxKeys: 5 }),
    bodies: fc.array(bodyArbitrary, { maxLength: 4 }),
    way: fc.constantFrom('length', 'chunks', 'connection'),
  })
  .map(({ status, headers, bodies, way }) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const body = Buffer.concat(bodies);
    const framing = { length: `content-length: ${String(body.length)}\r\n`, chunks: 'transfer-encoding: chunked\r\n' };
    const head = `HTTP/1.1 ${String(status)} Some words\r\n${lines.join('')}${way === 'connection' ? '' : framing[way]}\r\n`;
    const chunks = bodies
      .filter(({ length }) => length > 0)
      .flatMap((bytes) => [Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
    const written = way === 'chunks' ? [...chunks, Buffer.from('0\r\n\r\n')] : [body];
    return { bytes: Buffer.concat([Buffer.from(head), ...written]), status, headers, body: body.toString('utf8') };
  });

describe('whatever a server writes', () => {
  it('is read the same, in whatever pieces it arrives', () => {
    fc.assert(
      fc.property(answerArbitrary, fc.array(fc.nat(), { maxLength: 30 }), ({ bytes, ...said }, places) => {
        const cuts = [...new Set(places.map((place) => place % bytes.length))].toSorted((a, b) => a - b);
        const pieces = [0, ...cuts].map((from, index) => bytes.subarray(from, cuts[index] ?? bytes.length));
        const answer = read(...pieces);
        expect(answer).toMatchObject({ status: said.status, body: said.body });
        expect({ ...answer?.headers }).toMatchObject(said.headers);
      }),
    );
  });

  it('is an answer, none, or one of two faults', () => {
    const part = fc.constantFrom(
      'HTTP/1.1 200 OK',
      '\r\n',
      'content-length: 3',
      'transfer-encoding: chunked',
      '3',
      'abc',
    );
    const noise = fc.array(fc.oneof(part, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 20 });
    fc.assert(
      fc.property(noise, (parts) => {
        expect(codeOf(() => read(...parts))).toMatch(/^(null|\{.*\}|ANSWER_MALFORMED|ANSWER_TOO_LONG)$/);
      }),
    );
  });
});
