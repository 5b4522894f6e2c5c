import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newestCandidates, newestFirst } from '../../src/azure/newest-version.ts';
import type { SecretVersion } from '../../src/rotation/ports/secret-store.ts';

const second = new Date('2026-03-01T00:00:00Z');
const later = new Date('2026-03-01T00:00:01Z');

function version(id: string, created: Date, rotatedFrom?: string): SecretVersion {
  const tags: Record<string, string> = rotatedFrom === undefined ? {} : { 'rotated-from': rotatedFrom };
  return { name: 'a', version: id, enabled: true, notBefore: null, expires: null, created, contentType: null, tags };
}
const ids = (versions: readonly SecretVersion[]) => versions.map((one) => one.version);

describe('the newest version', () => {
  it('is the last one created', () => {
    expect(ids(newestFirst([version('z', second), version('a', later)]))).toEqual(['a', 'z']);
  });

  it('of one second is the end of the rotations’ chain, in any order of the vault’s list', () => {
    const chain = ['d', 'a', 'c', 'b', 'e'].map((id, index, all) => version(id, second, all[index - 1]));
    fc.assert(
      fc.property(fc.shuffledSubarray(chain, { minLength: 5 }), (shuffled) => {
        expect(ids(newestFirst(shuffled))).toEqual(['e', 'b', 'c', 'a', 'd']);
        expect(ids(newestCandidates(shuffled))).toEqual(['e']);
      }),
    );
  });

  it('stays ambiguous between two indistinguishable versions, in a stable order', () => {
    const twins = [version('old', new Date(0)), version('x', second), version('y', second)];
    expect(ids(newestCandidates(twins))).toEqual(['y', 'x']);
    expect(ids(newestFirst([...twins].reverse()))).toEqual(['y', 'x', 'old']);
  });

  it('tolerates tags that form a cycle, or point to themselves or nowhere', () => {
    const odd = [
      version('a', second, 'b'),
      version('b', second, 'a'),
      version('c', second, 'c'),
      version('d', second, 'gone'),
    ];
    expect(ids(newestFirst(odd)).sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('is absent without versions', () => {
    expect(newestCandidates([])).toEqual([]);
  });
});
