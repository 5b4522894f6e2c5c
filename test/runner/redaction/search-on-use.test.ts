import { describe, expect, it } from 'vitest';
import { startRedaction } from '../../../src/runner/redaction/redaction.ts';
import { searchOnUse } from '../../../src/runner/redaction/search/search-on-use.ts';
import { secretSearch } from '../../../src/runner/redaction/search/secret-search.ts';

/** A search, and how often it was made. */
function counted() {
  let made = 0;
  const search = searchOnUse(() => {
    made += 1;
    return secretSearch([Buffer.from('swordfish-swordfish')]);
  });
  return { search, made: () => made };
}

describe('the search for secrets', () => {
  it('is never made for a command that prints nothing', () => {
    const { search, made } = counted();
    const redaction = startRedaction(search);
    expect([redaction.push(Buffer.alloc(0)).length, redaction.release().length, redaction.end().length]).toEqual([
      0, 0, 0,
    ]);
    expect(made()).toBe(0);
  });

  it('is made once, at the first byte, for both streams, and finds what comes in pieces', () => {
    const { search, made } = counted();
    const streams = [startRedaction(search), startRedaction(search)];
    const printed = streams.map((stream) =>
      ['is swordfish-', 'swordfish.'].map((part) => stream.push(Buffer.from(part)).toString()).join(''),
    );
    expect([printed, made()]).toEqual([['is ***.', 'is ***.'], 1]);
  });
});
