import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { mostAnswerCharacters, serveTools } from '../../src/mcp/serve-tools.ts';
import type { Tool } from '../../src/mcp/tool.ts';
import { ServiceError } from '../../src/service-error.ts';

const quiet = { readOnlyHint: true, destructiveHint: false, openWorldHint: false };
const names = {
  type: 'object',
  properties: {
    name: { type: 'string', maxLength: 5, pattern: '^[a-z]+$', description: 'A name.' },
    size: { type: 'integer', minimum: 1, maximum: 3, description: 'A size.' },
    pairs: {
      type: 'object',
      maxProperties: 1,
      additionalProperties: { type: 'string', maxLength: 3 },
      description: '',
    },
    sure: { type: 'boolean', description: 'Whether.' },
  },
  required: ['name'],
  additionalProperties: false,
} as const;

const tool = (run: Tool['run']): Tool => ({
  name: 'greet',
  description: 'Greets.',
  inputSchema: names,
  annotations: quiet,
  run,
});
const greet = tool(async (input) => await Promise.resolve({ hello: input.text('name') }));

type Message = Readonly<Record<string, unknown>>;

async function serve(
  input: Readable,
  tools: readonly Tool[] = [greet],
  signal = new AbortController().signal,
  seen: (message: Message) => void = () => undefined,
): Promise<readonly Message[]> {
  const written: Message[] = [];
  const write = (line: string) => {
    const message = JSON.parse(line) as Message;
    written.push(message);
    seen(message);
  };
  await serveTools({ name: 'test', version: '1.0.0', instructions: 'Be kind.', tools, input, write, signal });
  return written;
}

const request = (id: number | string, method: string, params: object = {}): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
const call = (given: unknown, id = 1): string => request(id, 'tools/call', { name: 'greet', arguments: given });
const textOf = (message: Message | undefined): string =>
  (message?.['result'] as { content: readonly { text: string }[] } | undefined)?.content[0]?.text ?? '';

describe('a server of tools', () => {
  it('answers in a version that it shares with the client, or offers its newest', async () => {
    const asked = ['2025-06-18', '2024-11-05', '1999-01-01', undefined];
    const lines = asked.map((protocolVersion, id) => request(id, 'initialize', { protocolVersion }));
    const written = await serve(Readable.from(lines));
    expect(written.map(({ result }) => (result as Message)['protocolVersion'])).toEqual([
      '2025-06-18',
      '2024-11-05',
      '2025-11-25',
      '2025-11-25',
    ]);
    expect(written[0]?.['result']).toMatchObject({ capabilities: { tools: {} }, instructions: 'Be kind.' });
  });

  it('describes its tools without what they do inside, and answers a ping', async () => {
    const [ping, list] = await serve(Readable.from([request(1, 'ping'), request('two', 'tools/list')]));
    expect(ping).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
    const described = { name: 'greet', description: 'Greets.', inputSchema: names, annotations: quiet };
    expect(list).toEqual({ jsonrpc: '2.0', id: 'two', result: { tools: [described] } });
  });

  it('reads messages however their bytes are split, and the last one without a line end', async () => {
    const text = `${call({ name: 'ada' })}${call({ name: 'bob' }, 2)}`.trimEnd();
    const written = await serve(Readable.from(text.split('').map((byte) => Buffer.from(byte))));
    expect(written.map(textOf)).toEqual(['{"hello":"ada"}', '{"hello":"bob"}']);
  });

  it('goes on after what is not a message', async () => {
    const long = `"${'x'.repeat(2 * 1024 * 1024)}"\n`;
    const lines = ['{no\n', '[]\n', '7\n', '\n', long, request(1, 'tools/approve'), request(2, 'ping')];
    const written = await serve(Readable.from(lines));
    expect(written.map(({ id, error }) => [id, (error as Message | undefined)?.['code']])).toEqual([
      [null, -32_700],
      [null, -32_600],
      [null, -32_600],
      [null, -32_700],
      [1, -32_601],
      [2, undefined],
    ]);
  });

  it('answers neither notifications nor answers', async () => {
    const lines = [{ method: 'notifications/initialized' }, { id: 3, result: {} }, { method: 'tools/call', id: null }];
    expect(await serve(Readable.from(lines.map((line) => `${JSON.stringify(line)}\n`)))).toEqual([]);
  });

  it.each([
    ['a name of no tool', { name: 'approve' }, 'no such tool'],
    ['nothing', {}, 'no such tool'],
  ])('has no tool for %s', async (_what, params, says) => {
    const [written] = await serve(Readable.from([request(1, 'tools/call', params)]));
    expect(written?.['error']).toMatchObject({ message: expect.stringContaining(says) as string });
  });

  it.each([
    [{}, 'name', 'it is missing'],
    ['text', '', 'the arguments must be an object'],
    [['a'], '', 'the arguments must be an object'],
    [{ name: 'ada', token: 's3cret' }, '', 'a member other than name, size, pairs, sure'],
    [{ name: 'adalovelace' }, 'name', 'it may have 5 characters'],
    [{ name: 'S3C' }, 'name', 'it must have the form ^[a-z]+$'],
    [{ name: 7 }, 'name', 'it must be text'],
    [{ name: 'ada', size: 4 }, 'size', 'a whole number from 1 to 3'],
    [{ name: 'ada', size: 1.5 }, 'size', 'a whole number from 1 to 3'],
    [{ name: 'ada', sure: 'yes' }, 'sure', 'it must be true or false'],
    [{ name: 'ada', pairs: [] }, 'pairs', 'it must be an object'],
    [{ name: 'ada', pairs: { a: '1', b: '2' } }, 'pairs', 'it may have 1 members'],
    [{ name: 'ada', pairs: { a: 's3cret' } }, 'pairs', 'it may have 3 characters'],
  ])('says what is wrong with the arguments %j, and repeats nothing of them', async (given, place, reason) => {
    const [written] = await serve(Readable.from([call(given)]));
    expect(written?.['result']).toMatchObject({ isError: true });
    expect(textOf(written)).toContain('REQUEST_MALFORMED: The request is invalid at the place named.');
    expect(textOf(written)).toContain(JSON.stringify(place));
    expect(textOf(written)).toContain(reason.replaceAll('"', '\\"'));
    expect(textOf(written)).not.toMatch(/s3c/i);
  });

  it('tells a failure of Keyturn in its sentence, and of any other only the kind', async () => {
    const known = tool(
      async () => await Promise.reject(new ServiceError('SECRET_NOT_BOUND', { vault: 'v', secret: 's' })),
    );
    const [told] = await serve(Readable.from([call({ name: 'ada' })]), [known]);
    expect([told?.['result'], textOf(told)]).toMatchObject([{ isError: true }, /^SECRET_NOT_BOUND: .* \{"vault":"v"/]);
    const foreign = tool(async () => await Promise.reject(new RangeError('the value is s3cret')));
    const [kind] = await serve(Readable.from([call({ name: 'ada' })]), [foreign]);
    expect(textOf(kind)).toBe('Keyturn failed with an unexpected error (RangeError).');
  });

  it('returns no answer that is longer than an agent reads', async () => {
    const long = tool(async () => await Promise.resolve({ text: 'x'.repeat(mostAnswerCharacters) }));
    const [written] = await serve(Readable.from([call({ name: 'ada' })]), [long]);
    expect(textOf(written)).toContain('REQUEST_TOO_LARGE');
  });
});

describe('calls that are under way', () => {
  const waiting = (started: () => void): Tool =>
    tool(
      async (_input, signal) =>
        await new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve({ taken: 'back' }));
          started();
        }),
    );

  it('end without an answer when the client takes them back, while others are answered', async () => {
    const input = new PassThrough();
    const served = serve(input, [waiting(() => input.end(`${cancelled}${request(2, 'ping')}`))]);
    input.write(call({ name: 'ada' }));
    expect((await served).map(({ id }) => id)).toEqual([2]);
  });

  it('end when the process is asked to end', async () => {
    const stop = new AbortController();
    const input = new PassThrough();
    const served = serve(input, [waiting(() => stop.abort())], stop.signal);
    input.write(call({ name: 'ada' }));
    expect(await served).toEqual([]);
  });

  it('are 16 at most', async () => {
    const input = new PassThrough();
    let count = 0;
    const stop = new AbortController();
    const tools = [waiting(() => void (count += 1))];
    const served = serve(input, tools, stop.signal, ({ id }) => {
      if (id === 18) stop.abort();
    });
    for (let id = 1; id <= 17; id += 1) input.write(call({ name: 'ada' }, id));
    input.write(request(18, 'ping'));
    const [refused] = await served;
    expect([count, refused]).toMatchObject([16, { id: 17, error: { code: -32_600 } }]);
  });
});

const cancelled = `${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } })}\n`;
