import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startRedaction } from '../../../src/runner/redaction/redaction.ts';
import { needleTable } from '../../../src/runner/redaction/search/needle-table.ts';
import { NeedleWalk } from '../../../src/runner/redaction/search/needle-walk.ts';
import { PlaceMarks } from '../../../src/runner/redaction/search/place-marks.ts';
import { RememberedStarts } from '../../../src/runner/redaction/search/remembered-starts.ts';
import { type SecretSearch, secretSearch } from '../../../src/runner/redaction/search/secret-search.ts';
import { viewTree } from '../../../src/runner/redaction/views/view-tree.ts';
import { masksOf, type Start } from './masks-of.ts';

/** What the escapes of one view, or of several that meet, are made of: pieces of texts, from which needles are taken too. */
const alphabets: Readonly<Record<string, readonly string[]>> = {
  backslashes: ['\\', '\\', '\\\\', 'x5c', 'u005c', 'a', 'n', '\n', ' '],
  'percent signs': ['%', '%', '25', '41', 'u0041', '^', 'A', 'c3%a4', '\n'],
  'quotes of every kind': ["'", '"', "'\\''", `'"'"'`, '\\', '$', '`', 'a'],
  entities: ['&', '#', '65', 'amp;', ';', 'A', '&#x41;', '\n'],
  'line ends and blanks': ['\n', '\r\n', ' ', '\\\n', '=\n', '=3D', 'a', 'abcdefghabcdefgh'],
  colours: ['\u001b', '[', '0', ';', 'm', 'K', '\u001b[31m', 'a', '\n'],
  'letters alone': ['a', 'a', 'b', 'ab'],
};

/** Pieces again and again, with others between: what comes again is what is remembered. */
function textOf(pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.constantFrom(...pieces);
  const period = fc.array(piece, { minLength: 1, maxLength: 4 }).map((some) => some.join(''));
  const turns = fc.tuple(period, fc.constantFrom(1, 1, 2, 5, 20, 60)).map(([one, times]) => one.repeat(times));
  return fc.array(turns, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''));
}

function needleOf(pieces: readonly string[]): fc.Arbitrary<string> {
  const signs = [...new Set(pieces.join(''))];
  return fc.oneof(
    fc.array(fc.constantFrom(...signs), { minLength: 4, maxLength: 9 }).map((some) => some.join('')),
    fc
      .tuple(fc.constantFrom(...signs), fc.integer({ min: 3, max: 7 }))
      .map(([sign, times]) => `${sign.repeat(times)}b`),
  );
}

/** What texts become that two streams print in turn, in chunks of these sizes. */
function printedInTurn(search: SecretSearch, texts: readonly string[], sizes: readonly number[]): readonly string[] {
  const streams = texts.map((text) => ({ left: Buffer.from(text), redaction: startRedaction(search), printed: '' }));
  for (let turn = 0; streams.some(({ left }) => left.length > 0); turn += 1) {
    for (const stream of streams) {
      const size = sizes[turn % sizes.length] ?? 1;
      stream.printed += stream.redaction.push(stream.left.subarray(0, size)).toString();
      stream.left = stream.left.subarray(size);
    }
  }
  return streams.map(({ printed, redaction }) => printed + redaction.end().toString());
}

function hexOf(letter: string): string {
  return letter.charCodeAt(0).toString(16);
}

describe('what is remembered of the places of texts', () => {
  it.each(Object.entries(alphabets))('is what a walk from there tells, of %s', (_, pieces) => {
    const cases = fc.record({
      needles: fc.array(needleOf(pieces), { minLength: 1, maxLength: 3 }),
      texts: fc.array(
        fc.record({ before: textOf(pieces), text: textOf(pieces), isLast: fc.constantFrom(true, false, false) }),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
    });
    fc.assert(
      fc.property(cases, ({ needles, texts }) => {
        const bytes = needles.map((needle) => Buffer.from(needle));
        const known = new Uint8Array(256);
        for (const byte of Buffer.concat(bytes)) known[byte] = 1;
        const tree = viewTree(known);
        const marks = new PlaceMarks();
        const walk = new NeedleWalk(needleTable(bytes, []), tree);
        const starts = new RememberedStarts(walk, tree.plain, marks);
        for (const { before, text, isLast } of [...texts, ...texts]) {
          tree.plain.text = Buffer.from(text);
          tree.plain.before = Buffer.from(before).subarray(-16);
          tree.plain.to = tree.plain.text.length;
          tree.plain.final = isLast;
          marks.clear(tree.plain.to);
          for (let at = 0; at < tree.plain.to; at += 1) marks.mark(at);
          starts.look();
          const told: Start[] = [];
          for (let start = starts.next(0); start.at < tree.plain.to; start = starts.next(start.last + 1)) {
            told.push({ at: start.at, whole: start.whole, open: start.open });
          }
          const walked: Start[] = [];
          for (let at = 0; at < tree.plain.to; at += 1) {
            const { whole, open } = walk.startAt(at);
            if (whole > 0 || open) walked.push({ at, whole, open });
          }
          expect(masksOf(told)).toEqual(masksOf(walked));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a run of signs, wherever chunks part it', () => {
  it.each(Object.entries(alphabets))('becomes what it does in one piece, on both streams: %s', (_, pieces) => {
    const cases = fc.record({
      needles: fc.array(needleOf(pieces), { minLength: 1, maxLength: 3 }),
      texts: fc.tuple(textOf(pieces), textOf(pieces)),
      sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 100, max: 300 })), {
        minLength: 1,
        maxLength: 4,
      }),
    });
    fc.assert(
      fc.property(cases, ({ needles, texts, sizes }) => {
        const bytes = needles.map((needle) => Buffer.from(needle));
        const whole = texts.map((text) => {
          const redaction = startRedaction(secretSearch(bytes));
          return redaction.push(Buffer.from(text)).toString() + redaction.end().toString();
        });
        expect(printedInTurn(secretSearch(bytes), texts, sizes)).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });
});

/** Ways to write one letter, of which a text takes one for all letters or each anew. */
const writings: readonly ((letter: string) => string)[] = [
  (letter) => letter,
  (letter) => `\\u00${hexOf(letter)}`,
  (letter) => `\\\\x${hexOf(letter)}`,
  (letter) => `&#x${hexOf(letter)};`,
  (letter) => `%${hexOf(letter)}`,
  (letter) => `\u001b[m${letter}`,
];

describe('a long value in escapes, held back over many chunks', () => {
  it('is let go and masked when it is where it comes in one piece, whether it ends or not', () => {
    const value = fc
      .array(fc.constantFrom('a', 'b', 'c'), { minLength: 90, maxLength: 200 })
      .map((all) => all.join(''));
    const cases = value.chain((secret) => {
      const writing = fc.constantFrom(...writings);
      const length = fc.oneof(fc.constant(secret.length), fc.integer({ min: 60, max: secret.length }));
      const piece = fc
        .tuple(writing, writing, fc.nat(200), length)
        .map(([one, other, turn, end]) =>
          Array.from(secret.slice(0, end), (letter, at) => (at < turn ? one : other)(letter)).join(''),
        );
      const text = fc.array(fc.oneof(piece, fc.constantFrom('a', 'x', '\\', '\n')), { minLength: 1, maxLength: 5 });
      return fc.record({
        secret: fc.constant(secret),
        text: text.map((parts) => Buffer.from(parts.join(''))),
        sizes: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 4 }),
      });
    });
    fc.assert(
      fc.property(cases, ({ secret, text, sizes }) => {
        const search = secretSearch([Buffer.from(secret)]);
        const redaction = startRedaction(search);
        let printed = '';
        for (let at = 0, turn = 0; at < text.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          printed += redaction.push(text.subarray(at, at + size)).toString();
          at += size;
          expect(printed).toBe(startRedaction(search).push(text.subarray(0, at)).toString());
        }
        const whole = startRedaction(search);
        const expected = whole.push(text).toString() + whole.end().toString();
        expect(printed + redaction.end().toString()).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('is walked on from where the last chunk ended', () => {
    const secret = createHash('shake256', { outputLength: 1_500 }).update('a long value').digest('hex');
    const text = Buffer.from(
      Array.from(secret.slice(0, -1), (letter) => `\\u00${hexOf(letter)}`)
        .join('')
        .repeat(2),
    );
    const search = secretSearch([Buffer.from(secret)]);
    const redaction = startRedaction(search);
    for (let at = 0; at < text.length; at += 512) redaction.push(text.subarray(at, at + 512));
    expect(search.steps / text.length).toBeLessThan(1);
  });
});

describe('a text made to be slow', () => {
  it.each([
    ['nothing but backslashes', '\\\\\\\\\\\\b', '\\'],
    ['nothing but percent signs', '%%%%%%b', '%'],
    ['short lines of backslashes', '\\\\\\\\\\\\b', '\\\\\\\\\\\\\\\n'],
    ['long lines of backslashes', '\\\\\\\\\\\\b', `${'\\'.repeat(90)}\n`],
    ['backslashes, and other letters here and there', '\\\\\\\\\\\\b', '\\\\\\\\\\\\x\\\\\\\\\\a\\\\'],
    ['lines of single quotes', "''''''b", `${"'".repeat(30)}\n`],
    ['lines of nothing but the secret', 'aaaaaaaa', `${'a'.repeat(30)}\n`],
    ['the secret less its last byte', '\\%\\%&\\%b', '\\%\\%&\\%'],
  ])('is walked once, and known when it comes again in chunks of 4 KB: %s', (_, needle, period) => {
    const search = secretSearch([Buffer.from(needle)]);
    const redaction = startRedaction(search);
    const text = Buffer.alloc(1_048_576, period);
    let steps = 0;
    for (let at = 0; at < text.length; at += 4_096) {
      if (at === text.length / 2) ({ steps } = search);
      redaction.push(text.subarray(at, at + 4_096));
    }
    expect((search.steps - steps) / (text.length / 2)).toBeLessThan(0.05);
  });
});
