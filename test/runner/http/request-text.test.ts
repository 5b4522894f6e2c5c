import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestText } from '../../../src/runner/http/request-text.ts';

const url = new URL('http://vault.example:8080/secrets/name?api-version=7.4');

describe('a request', () => {
  it('is written with its host, its headers and the bytes of its body', () => {
    const headers = { accept: 'application/json' };
    expect(requestText({ method: 'GET', url, headers })).toBe(
      'GET /secrets/name?api-version=7.4 HTTP/1.1\r\nhost: vault.example:8080\r\naccept: application/json\r\n\r\n',
    );
    expect(requestText({ method: 'POST', url, headers: {}, body: 'é' })).toBe(
      'POST /secrets/name?api-version=7.4 HTTP/1.1\r\nhost: vault.example:8080\r\ncontent-length: 2\r\n\r\né',
    );
  });

  it.each([
    ['x', 'Bearer\r\nx-other: b'],
    ['x', 'Bearer\nb'],
    ['x', 'Bearer\0'],
    ['x', 'Bearer ü'],
    ['x', 'Bearer \u{10d}\u{10a}'],
    ['x y', 'Bearer b'],
    ['x\r\ny', 'Bearer b'],
    ['x:', 'Bearer b'],
    ['', 'Bearer b'],
  ])('is not written with a header that could become another: %j: %j', (name, value) => {
    const write = () => requestText({ method: 'GET', url, headers: { [name]: value } });
    expect(write).toThrow(expect.objectContaining({ code: 'ERR_INVALID_CHAR' }) as Error);
    expect(write).not.toThrow('Bearer');
  });

  it('has one head, whatever its address and headers', () => {
    const words = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(words, words, words, words, (path, query, name, value) => {
        const address = new URL('http://vault.example');
        address.pathname = path;
        address.search = query;
        let text: string;
        try {
          text = requestText({ method: 'GET', url: address, headers: { [name]: value } });
        } catch {
          return;
        }
        expect(text).toMatch(/^GET \/[!-~]* HTTP\/1\.1\r\nhost: vault\.example\r\n[!-9;-~]+: [\t -~]*\r\n\r\n$/);
      }),
    );
  });
});
