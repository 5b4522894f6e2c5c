import { describe, expect, it } from 'vitest';
import { isAmbiguousPath, matchesPath, pathPatternFault } from '../../src/secrets/path-pattern.ts';

describe('a pattern of paths', () => {
  it.each([
    ['/v1/items', '/v1/items', true],
    ['/v1/items/', '/v1/items', false],
    ['/v1/items', '/v1/*', true],
    ['/v1/items/7', '/v1/*', false],
    ['/v1/', '/v1/*', false],
    ['/v1/items/7', '/v1/**', true],
    ['/v1/', '/v1/**', true],
    ['/v1', '/v1/**', false],
    ['/v10/items', '/v1/**', false],
    ['/acme/shop.git/info/refs', '/acme/shop.git/**', true],
    ['/acme/shop-other/info/refs', '/acme/shop.git/**', false],
    ['/repos/a/issues/7/comments', '/repos/**/comments', true],
    ['/v1/items.json', '/v1/*.json', true],
    ['/v1/itemsXjson', '/v1/*.json', false],
    ['/V1/items', '/v1/*', false],
    // npm writes the slash of a scope so.
    ['/@acme%2fshop', '/**', true],
    ['/@acme%2fshop', '/*', false],
    ['/projects/acme%2Fshop/jobs', '/projects/acme%2Fshop/**', true],
    ['/%61dmin', '/admin', false],
    ['/admin', '/%61dmin', false],
  ])('%s against %s: %s', (path, pattern, matches) => {
    expect(matchesPath(path, pattern)).toBe(matches);
  });

  it.each([
    '/a/../b',
    '/a/%2e%2e/b',
    '/a/..%2fb',
    '/a/%252e%252e/b',
    '/a/..;x/b',
    '/a\\..\\b',
    '/a%5cb',
    '/a%zz',
    '/a%00',
  ])('refuses %s, which servers read differently', (path) => {
    expect(isAmbiguousPath(path)).toBe(true);
  });

  it.each(['/', '/v1/items', '/@acme%2fshop', '/a;version=1/b', '/100%25', '/...', '/k%C3%B6ln'])(
    'takes %s',
    (path) => {
      expect(isAmbiguousPath(path)).toBe(false);
    },
  );

  it.each([
    ['v1/items', 'must be a path'],
    ['/v1?a=b', 'must be a path'],
    ['/a b', 'must be a path'],
    ['/*-*', 'one * between two slashes'],
    ['/a**', 'one * between two slashes'],
    ['/**/a/**/b/**', '** twice at most'],
  ])('refuses %s as a pattern', (pattern, says) => {
    expect(pathPatternFault(pattern)).toContain(says);
  });
});
