import { describe, expect, it } from 'vitest';
import {
  encodeHead,
  forbiddenInHead,
  type JailGrade,
  jailGrades,
  mostHeadCharacters,
  parseAnswerHead,
  parseUseHead,
  type Placeholder,
  placeholderPattern,
  placeholderPrefix,
  useFailureCodes,
  useHeaders,
  useRefusalCodes,
} from '../../src/provenance/use-exchange.ts';

const head = {
  method: 'POST',
  url: 'https://api.example.com/v1/items?a=b',
  headers: [
    ['Accept', '*/*'],
    ['X-Name', 'K\u00f6ln'],
  ],
  length: 12,
} as const;

const written = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('the exchange of a use', () => {
  it('returns the heads that were sent', () => {
    const answer = { status: 404, headers: [['Content-Type', 'text/plain']] } as const;
    expect(parseUseHead(encodeHead(head))).toEqual(head);
    expect(parseUseHead(encodeHead({ ...head, length: null }))).toEqual({ ...head, length: null });
    expect(parseAnswerHead(encodeHead(answer))).toEqual(answer);
  });

  it.each([
    ['a line end in a value', { ...head, headers: [['X-A', 'b\r\nX-C: d']] }],
    ['a NUL in a value', { ...head, headers: [['X-A', 'b\0']] }],
    ['a folded line', { ...head, headers: [['X-A', 'b\n c']] }],
    ['a space in a name', { ...head, headers: [['X-A ', 'b']] }],
    ['a colon in a name', { ...head, headers: [['X-A:', 'b']] }],
    ['a header of three parts', { ...head, headers: [['X-A', 'b', 'c']] }],
    ['a negative length', { ...head, length: -1 }],
    ['a length with a fraction', { ...head, length: 1.5 }],
    ['no length', { ...head, length: undefined }],
    ['headers that are no list', { ...head, headers: { a: 'b' } }],
    ['a list in the place of the head', [head]],
    ['a head that is too long', { ...head, headers: [['X-A', 'b'.repeat(mostHeadCharacters)]] }],
  ])('refuses %s', (_, value) => {
    expect(parseUseHead(written(value))).toBeNull();
  });

  it('refuses what is not base64url, and what is cut off', () => {
    expect(parseUseHead(`${encodeHead(head)}=`)).toBeNull();
    expect(parseUseHead(encodeHead(head).slice(0, -8))).toBeNull();
    expect(parseUseHead('')).toBeNull();
  });

  it.each([100, 600, 200.5, '200', null])('refuses an answer with the status %s', (status) => {
    expect(parseAnswerHead(written({ status, headers: [] }))).toBeNull();
  });

  it('knows a placeholder in text, and uses header names that every server takes', () => {
    const one = `${placeholderPrefix}${'a-_9'.repeat(8)}`;
    const given: Placeholder = { secret: 'kv/token', placeholder: one, hosts: ['api.example.com'] };
    expect(given.placeholder).toMatch(placeholderPattern);
    expect(`Bearer ${one}, ${one}`.match(placeholderPattern)).toEqual([one, one]);
    for (const name of [...Object.values(useHeaders), ...forbiddenInHead]) expect(name).toMatch(/^[a-z0-9-]+$/);
  });

  it('names the best jail first', () => {
    const best: JailGrade = 'namespaces';
    expect(jailGrades[0]).toBe(best);
  });

  it('names each reason once', () => {
    const codes = [...useRefusalCodes, ...useFailureCodes];
    expect(new Set(codes).size).toBe(codes.length);
  });
});
