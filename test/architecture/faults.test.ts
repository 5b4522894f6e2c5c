import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sentenceOf } from '../../src/service-error.ts';

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
      [...text.matchAll(/new ServiceError\(\s*'([A-Z\d_]+)'/g)].map(([, code = '']) => code),
    ),
  );
  return wanted.filter((code) => !thrown.has(code));
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

  it('says each in whole sentences', () => {
    for (const code of codes) expect([code, sentenceOf(code)]).toEqual([code, expect.stringMatching(/^[A-Z].*\.$/)]);
  });
});
