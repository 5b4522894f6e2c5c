import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fault } from '../../src/faults/fault.ts';
import { effectOf, sentenceOf, ServiceError } from '../../src/service-error.ts';

/** Codes by the file of their area, as they are written there. */
const areas = globSync('src/faults/*-faults.ts').map((file) =>
  [...readFileSync(file, 'utf8').matchAll(/^ {2}([A-Z\d_]+): fault</gm)].map(([, code = '']) => code),
);
const codes = areas.flat();
const sources = globSync(['src/**/*.ts', 'functions/*.ts'])
  .filter((file) => !file.startsWith('src/faults/'))
  .map((file) => readFileSync(file, 'utf8'));

/** Codes that no line makes an error of. A code that is only named in a comment, compared or listed is not thrown. */
function neverThrown(wanted: readonly string[], texts: readonly string[]): readonly string[] {
  const withoutComments = texts.map((text) => text.replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, ''));
  const thrown = new Set(
    withoutComments.flatMap((text) =>
      // A person may be called for a failure, and an attempt closed over one, without an error being thrown.
      [...text.matchAll(/(?:new ServiceError\(\s*|callFor\(|'failed', )'([A-Z\d_]+)'/g)].map(([, code = '']) => code),
    ),
  );
  return wanted.filter((code) => !thrown.has(code));
}

/** Comparisons with the beginning or the end of one of our codes: `error.layer` and `error.effect` say it instead. */
function spelt(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text) =>
    [...text.matchAll(/(starts|ends)With\('([A-Z\d_]+)'\)/g)].flatMap(([call, side, part = '']) => {
      const isOurs = codes.some((code) => (side === 'starts' ? code.startsWith(part) : code.endsWith(part)));
      return isOurs ? [call] : [];
    }),
  );
}

describe('the catalogue of errors', () => {
  it('is read whole by this test, and holds each code once: of two rows the last would hide the other', () => {
    expect(codes.length).toBeGreaterThan(80);
    expect(codes.filter((code) => sentenceOf(code) === null)).toEqual([]);
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
    for (const area of areas) expect(area.length).toBeGreaterThan(0);
  });

  it('has no code that nothing throws', () => {
    expect(neverThrown(codes, sources)).toEqual([]);
  });

  it('goes red for a code that is only spoken of', () => {
    const spoken = [
      "/** @throws new ServiceError('GONE', {}) */",
      "  // throw new ServiceError('GONE', {})",
      "if (ServiceError.is(error, 'GONE')) return ['GONE'];",
    ];
    expect(neverThrown(['GONE', 'HERE'], [...spoken, "throw new ServiceError(\n  'HERE',\n  {})"])).toEqual(['GONE']);
  });

  it('is never matched by how a code is spelt', () => {
    expect(spelt(sources)).toEqual([]);
    expect(
      spelt(["failure?.endsWith('_ANSWER_UNCLEAR')", "code.startsWith('RECORD_')", "code.startsWith('ER_')"]),
    ).toEqual(["endsWith('_ANSWER_UNCLEAR')", "startsWith('RECORD_')"]);
  });

  it('says of each what it left in the world and where it arose: a row without them does not compile', () => {
    // @ts-expect-error: the effect is missing.
    fault<{ vault: string }>({ retry: 'never', layer: 'vault', says: 'A sentence.' });
    // @ts-expect-error: the layer is missing.
    fault<{ vault: string }>({ retry: 'never', effect: 'none', says: 'A sentence.' });
    const lost = new ServiceError('RECORD_STORE_UNREACHABLE', { store: 'blob', reason: 'ECONNRESET' });
    expect([lost.effect, lost.layer]).toEqual(['unknown', 'record-store']);
  });

  it('calls the effect unknown where an answer was lost, and of an unknown code says nothing', () => {
    const unclear = codes.filter((code) => code.includes('UNCLEAR'));
    expect(unclear.map(effectOf)).toEqual(['unknown', 'unknown', 'unknown']);
    expect([effectOf('VAULT_THROTTLED'), effectOf('NO_SUCH_CODE')]).toEqual(['none', null]);
  });

  it('says each in whole sentences', () => {
    for (const code of codes) expect([code, sentenceOf(code)]).toEqual([code, expect.stringMatching(/^[A-Z].*\.$/)]);
  });
});
