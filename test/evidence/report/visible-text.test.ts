import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRow } from '../../../src/evidence/pack/csv-row.ts';
import { paperText } from '../../../src/evidence/render/paper-text.ts';
import { shortened, visibleText } from '../../../src/evidence/report/visible-text.ts';

describe('text that came from outside', () => {
  it.each([
    ['acme/\u202Etxt.exe', 'acme/⟨U+202E⟩txt.exe'],
    ['a\u200Bb\uFEFFc\u2066d', 'a⟨U+200B⟩b⟨U+FEFF⟩c⟨U+2066⟩d'],
    ['a\u0000\u001B[31m\u007F\u0085', 'a⟨U+0000⟩⟨U+001B⟩[31m⟨U+007F⟩⟨U+0085⟩'],
    ['no\u00A0break\u3164', 'no⟨U+00A0⟩break⟨U+3164⟩'],
    ['half \uD800 a pair', 'half ⟨U+D800⟩ a pair'],
    ['tag\u{E0041}', 'tag⟨U+E0041⟩'],
    ['Ünï 秘密 🙂\n\tas it is', 'Ünï 秘密 🙂\n\tas it is'],
  ])('shows the hidden characters in %j', (text, expected) => {
    expect(visibleText(text)).toBe(expected);
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => visibleText(visibleText(text)) === visibleText(text)),
    );
  });

  it('is shortened without splitting a character', () => {
    expect(shortened('🙂🙂🙂🙂', 3)).toBe('🙂🙂…');
    expect(shortened('abc', 3)).toBe('abc');
  });

  it('becomes code points on paper if the fonts lack a character, and can be broken if it is long', () => {
    expect(paperText('ok 秘 🙂')).toBe('ok ⟨U+79D8⟩ ⟨U+1F642⟩');
    expect(paperText('0123456789abcdef0123').replaceAll('\u200B', '|')).toBe('01234567|89abcdef|0123');
    expect(paperText('kv-prod/database-password').replaceAll('\u200B', '|')).toBe('kv-|prod/|database-|password');
  });
});

describe('a line of CSV', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '"=1', '＝1', '|cmd', '%0A'])(
    'gives %j to a spreadsheet as text',
    (cell) => {
      const [field] = parseCsvLine(csvRow([cell]));
      expect(field).toMatch(/^'/);
    },
  );

  it('keeps numbers as numbers and quotes what must be quoted', () => {
    expect(csvRow([-3, null, 'a,b', 'say "x"', 'two\nlines'])).toBe('-3,,"a,b","say ""x""",two␊lines');
  });

  it('round-trips every cell, visibly, whatever it contains', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 1 }), (cells) => {
        const back = parseCsvLine(csvRow(cells)).map((cell) => cell.replace(/^'/, ''));
        expect(back).toEqual(cells.map((cell) => visibleText(cell).replaceAll('\n', '␊').replace(/^'/, '')));
      }),
    );
  });
});

/** Parses one line strictly by RFC 4180: a quotation mark opens a cell only at its start. */
function parseCsvLine(line: string): readonly string[] {
  const cells: string[] = [];
  for (let rest = line; ; rest = rest.slice(1)) {
    const [read = '', quoted] = /^"((?:[^"]|"")*)"|^[^,"]*/.exec(rest) ?? [];
    cells.push(quoted?.replaceAll('""', '"') ?? read);
    rest = rest.slice(read.length);
    if (rest === '') return cells;
    expect(rest.charAt(0)).toBe(',');
  }
}
