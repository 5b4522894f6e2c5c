import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodedBody, redactedBody } from '../../src/broker/use/answer-body.ts';
import { answerRedaction } from '../../src/composition/answer-redaction.ts';
import { SecretValue } from '../../src/secrets/secret-value.ts';

const value = 'hT7"q\\2/kP+9w=Zs';
const text = `{"token":${JSON.stringify(value)},"basic":"${Buffer.from(`git:${value}`).toString('base64')}","plain":"${value}"}`;

async function* split(bytes: Buffer, ...at: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const to of [...at, bytes.length]) {
    yield await Promise.resolve(bytes.subarray(from, to));
    from = to;
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts).toString('latin1');
}

describe('the body of an answer', () => {
  it.each(['identity', 'gzip'])('is masked alike wherever it is split, in %s', async (coding) => {
    const redaction = await answerRedaction.prepare([{ secret: 'kv/token', value: new SecretValue(value) }]);
    const bytes = coding === 'gzip' ? gzipSync(text) : Buffer.from(text);
    const codings = coding === 'gzip' ? ['gzip'] : [];
    const given = async (...at: readonly number[]) =>
      await textOf(redactedBody(decodedBody(split(bytes, ...at), codings, 'localhost'), redaction()));
    const whole = await given();
    expect(whole).not.toContain('kP');
    expect(whole.match(/\*\*\*/g)).toHaveLength(3);
    for (let at = 1; at < bytes.length; at += 1) expect(await given(at)).toBe(whole);
    const every = Array.from({ length: bytes.length - 1 }, (_, index) => index + 1);
    expect(await given(...every)).toBe(whole);
  });

  it('loses and changes no byte that is none of a value', async () => {
    const redaction = await answerRedaction.prepare([{ secret: 'kv/token', value: new SecretValue(value) }]);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2_000 }), fc.nat(2_000), async (bytes, at) => {
        const body = Buffer.from(bytes);
        const cut = Math.min(at, body.length);
        expect(await textOf(redactedBody(split(body, cut), redaction()))).toBe(body.toString('latin1'));
      }),
      { numRuns: 200 },
    );
  });

  it('of two streams of one search is not mixed up', async () => {
    const redaction = await answerRedaction.prepare([{ secret: 'kv/token', value: new SecretValue(value) }]);
    const [one, other] = [redaction(), redaction()];
    const half = Buffer.from(value.slice(0, 8));
    const parts = [one.push(half), other.push(Buffer.from('other')), one.push(Buffer.from(value.slice(8)))].map(
      (part) => part.toString('latin1'),
    );
    expect([parts[0], parts[1], parts[2], one.end().toString('latin1')].join('|')).toBe('|other|***|');
  });
});
