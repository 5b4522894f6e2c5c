import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startRedaction } from '../../../src/runner/redaction/redaction.ts';
import { secretSearch } from '../../../src/runner/redaction/search/secret-search.ts';
import { type EscapeFamily, redactSlowly } from './slow-reference.ts';

interface Family extends EscapeFamily {
  /** What needles and texts are made of. */
  readonly signs: readonly string[];
  readonly escapes: (sign: string) => readonly string[];
  /** What is an escape to another view. */
  readonly otherwiseRead?: readonly string[];
  /** Whether a mask has line ends, which the search keeps and the reference does not. */
  readonly partsMasks?: true;
}

const hexOf = (sign: string) => sign.charCodeAt(0).toString(16).padStart(2, '0');
const families: Readonly<Record<string, Family>> = {
  'percent-encoding, twice': {
    signs: ['a', 'B', '%', '4', '1', '/'],
    escapes: (sign) => [`%${hexOf(sign)}`, `%25${hexOf(sign)}`, `%u00${hexOf(sign)}`],
    escape: /^%(?:u[0-9A-Fa-f]{4}|[0-9A-Fa-f]{2})/,
    meaning: (escape) => String.fromCharCode(Number.parseInt(escape.slice(escape[1] === 'u' ? 2 : 1), 16)),
    layers: 2,
    leavesSign: true,
  },
  'backslashes, three times': {
    signs: ['q', 'z', '?', '\\', '!'],
    escapes: (sign) => [`\\x${hexOf(sign)}`, `\\u00${hexOf(sign)}`, `\\\\\\u00${hexOf(sign)}`, `\\\\x${hexOf(sign)}`],
    escape: /^\\(?:x[0-9a-f]{1,2}|u[0-9a-f]{4}|[\\?!qz])/,
    meaning: (escape) =>
      /^\\[xu]/.test(escape) ? String.fromCharCode(Number.parseInt(escape.slice(2), 16)) : escape.slice(1),
    layers: 3,
  },
  entities: {
    signs: ['a', '<', '&', ';', '#', '3'],
    escapes: (sign) => [`&#${String(sign.charCodeAt(0))};`, `&#x${hexOf(sign)};`],
    escape: /^&(?:#\d{1,8};|#x[0-9a-f]{1,8};|lt;|amp;)/,
    meaning: (escape) => {
      if (escape === '&lt;') return '<';
      if (escape === '&amp;') return '&';
      const isHexadecimal = escape.startsWith('&#x');
      return String.fromCharCode(Number.parseInt(escape.slice(isHexadecimal ? 3 : 2), isHexadecimal ? 16 : 10));
    },
    layers: 1,
  },
  colours: {
    signs: ['a', 'b', '[', 'm', '1'],
    escapes: (sign) => [
      `\u001b[31m${sign}`,
      `\u001b[K\u001b[m${sign}`,
      `${'\u001b[m'.repeat(4)}${sign}`,
      `${'\u001b[m'.repeat(5)}${sign}`,
    ],
    // oxlint-disable-next-line no-control-regex -- what colours begin with
    escape: /^\u001b\[[0-?]{0,38}[mK]/,
    meaning: () => '',
    layers: 1,
  },
  'single quotes': {
    signs: ['a', 'b', "'"],
    escapes: (sign) => (sign === "'" ? ["''"] : [sign]),
    escape: /^''/,
    meaning: () => "'",
    layers: 1,
  },
  'quotes of shells': {
    signs: ['a', 'b', "'", '"'],
    escapes: (sign) => (sign === "'" ? [`'"'"'`, `'\\''`, `'"'`] : [sign]),
    escape: /^(?:'"'"'|'\\''|'"')/,
    meaning: () => "'",
    layers: 1,
    otherwiseRead: ["''", '""'],
  },
  'one sign again and again': {
    signs: ['a', 'b'],
    escapes: (sign) => [sign, sign.repeat(12)],
    // Nothing is escaped.
    escape: /^(?!)/,
    meaning: (escape) => escape,
    layers: 0,
  },
  'lines that go on': {
    signs: ['a', 'b'],
    escapes: (sign) => [`\\\n${sign}`, `\\\n  \\\n\n${sign}`, `${'\\\n'.repeat(5)}${sign}`],
    escape: /^\\(?:\n[ \n]*|[ab])/,
    meaning: (escape) => {
      if (escape[1] === '\n') return '';
      return escape === '\\a' ? '\u0007' : '\b';
    },
    layers: 1,
    partsMasks: true,
  },
};

describe('the search finds what the plain definition finds, whatever the chunks', () => {
  it.each(Object.entries(families))('%s', (_, family) => {
    const sign = fc.constantFrom(...family.signs);
    const lengths = fc.constantFrom(4, 5, 7, 12, 15);
    const needle = lengths
      .chain((length) => fc.array(sign, { minLength: length, maxLength: length }))
      .map((signs) => signs.join(''));
    const noise = fc.array(
      fc.oneof(
        sign,
        sign.chain((one) => fc.constantFrom(...family.escapes(one))),
      ),
      { maxLength: 4 },
    );
    const cases = fc.array(needle, { minLength: 1, maxLength: 3 }).chain((needles) => {
      const written = fc
        .constantFrom(...needles)
        .chain((one) => fc.tuple(...Array.from(one, (each) => fc.constantFrom(each, each, ...family.escapes(each)))));
      const text = fc.array(fc.oneof(noise, written), { maxLength: 5 }).map((parts) => parts.flat().join(''));
      return fc.record({ needles: fc.constant(needles), text, cuts: fc.array(fc.nat(120), { maxLength: 6 }) });
    });
    fc.assert(
      fc.property(cases, ({ needles, text, cuts }) => {
        // Two percent signs are one to another view.
        fc.pre(!['%%', ...(family.otherwiseRead ?? [])].some((escape) => text.includes(escape)));
        const bytes = Buffer.from(text, 'latin1');
        const redaction = startRedaction(secretSearch(needles.map((one) => Buffer.from(one))));
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
        const given = places
          .slice(1)
          .map((to, index) => redaction.push(bytes.subarray(places[index], to)).toString('latin1'));
        const redacted = given.join('') + redaction.end().toString('latin1');
        const expected = redactSlowly(text, needles, family);
        if (family.partsMasks) expect(joined(redacted)).toBe(joined(expected));
        else expect(redacted).toBe(expected);
      }),
      { numRuns: 1_500 },
    );
  });

  it('of a text that repeats a few bytes again and again, with a fault here and there', () => {
    const plainly: EscapeFamily = { escape: /^(?!)/, meaning: (escape) => escape, layers: 0 };
    const cases = fc
      .tuple(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 10 }), fc.integer({ min: 4, max: 14 }))
      .chain(([signs, length]) => {
        const period = signs.join('');
        const turned = period.repeat(16);
        // What begins at every place of it, most of them alike, or few of them.
        const pieces = signs.map((_, at) => turned.slice(at, at + length));
        return fc.record({
          needles: fc.subarray(pieces, { minLength: Math.max(1, pieces.length - 1) }),
          turns: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }),
          period: fc.constant(period),
          cuts: fc.array(fc.nat(700), { maxLength: 4 }),
        });
      });
    fc.assert(
      fc.property(cases, ({ needles, turns, period, cuts }) => {
        const text = turns.map((times) => period.repeat(times).slice(1)).join('x');
        const bytes = Buffer.from(text);
        const redaction = startRedaction(secretSearch(needles.map((one) => Buffer.from(one))));
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
        const given = places.slice(1).map((to, index) => redaction.push(bytes.subarray(places[index], to)).toString());
        expect(given.join('') + redaction.end().toString()).toBe(redactSlowly(text, needles, plainly));
      }),
      { numRuns: 800 },
    );
  });

  it('of a long text that repeats a sign which may begin an escape', () => {
    const plainly: EscapeFamily = { escape: /^(?!)/, meaning: (escape) => escape, layers: 0 };
    const cases = fc.array(fc.constantFrom('a', '&', '&'), { minLength: 1, maxLength: 6 }).chain((signs) => {
      const period = signs.join('');
      const pieces = signs.map((_, at) => period.repeat(16).slice(at, at + 9));
      return fc.record({
        needles: fc.subarray(pieces, { minLength: Math.max(1, pieces.length - 1) }),
        turns: fc.array(fc.integer({ min: 800, max: 4_000 }), { minLength: 1, maxLength: 2 }),
        period: fc.constant(period),
      });
    });
    fc.assert(
      fc.property(cases, ({ needles, turns, period }) => {
        const text = turns.map((times) => period.repeat(times).slice(1)).join('x');
        const redaction = startRedaction(secretSearch(needles.map((one) => Buffer.from(one))));
        const redacted = redaction.push(Buffer.from(text)).toString() + redaction.end().toString();
        expect(redacted).toBe(redactSlowly(text, needles, plainly));
      }),
      { numRuns: 60 },
    );
  });

  it('of long runs of any sign that views know, as of pieces in which no run is long', () => {
    const cases = fc.constantFrom(...Array.from('%"\'\\$+=&^`\n\u001b-a')).chain((sign) => {
      const part = fc.oneof(
        fc.integer({ min: 1, max: 9 }).map((times) => sign.repeat(times)),
        fc.integer({ min: 300, max: 900 }).map((times) => sign.repeat(times)),
        fc.constantFrom('b', 'bcd', 'u0062', '62', 'x62', '#98;', ' ', '\n'),
      );
      const needle = fc
        .tuple(fc.constantFrom('', 'b', 'bc'), fc.integer({ min: 3, max: 9 }), fc.constantFrom('b', 'bcd', ''))
        .map(([before, times, after]) => before + sign.repeat(times) + after)
        .filter((one) => one.length >= 4);
      return fc.record({
        needles: fc.array(needle, { minLength: 1, maxLength: 3 }),
        text: fc.array(part, { minLength: 1, maxLength: 12 }).map((parts) => parts.join('')),
      });
    });
    fc.assert(
      fc.property(cases, ({ needles, text }) => {
        const redacted = (size: number) => {
          const redaction = startRedaction(secretSearch(needles.map((one) => Buffer.from(one))));
          let given = '';
          for (let at = 0; at < text.length; at += size) {
            given += redaction.push(Buffer.from(text.slice(at, at + size))).toString();
          }
          return given + redaction.end().toString();
        };
        expect(redacted(text.length)).toBe(redacted(24));
      }),
      { numRuns: 400 },
    );
  });

  it('base64 of any width from sixteen on, wherever the value stands in it', () => {
    const value = 'swordfish-Xk29dPqL';
    const search = secretSearch([0, 1, 2].map((shift) => coreOf(value, shift)));
    const cases = fc.record({
      before: fc.string({ maxLength: 90 }),
      after: fc.string({ maxLength: 40 }),
      width: fc.integer({ min: 16, max: 90 }),
      end: fc.constantFrom('\n', '\r\n', '\n    ', '\\n'),
      cuts: fc.array(fc.nat(300), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(cases, ({ before, after, width, end, cuts }) => {
        const encoded = Buffer.from(before + value + after).toString('base64');
        const bytes = Buffer.from((encoded.match(new RegExp(`.{1,${String(width)}}`, 'g')) ?? []).join(end));
        const redaction = startRedaction(search);
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).toSorted((a, b) => a - b), bytes.length];
        const given = places.slice(1).map((to, index) => redaction.push(bytes.subarray(places[index], to)).toString());
        const left = (given.join('') + redaction.end().toString()).replace(/\s|\\n/g, '');
        const shift = Buffer.byteLength(before) % 3;
        const core = coreOf(value, shift).toString();
        expect(left).toContain('***');
        for (let at = 0; at + 6 <= core.length; at += 1) expect(left).not.toContain(core.slice(at, at + 6));
      }),
      { numRuns: 1_500 },
    );
  });
});

/** Without line ends, and with one asterisk for masks side by side. */
function joined(text: string): string {
  return text.replaceAll('\n', '').replace(/\*+/g, '*');
}

/** The characters of base64 that depend on the value alone, after so many bytes of a group of three. */
function coreOf(value: string, shift: number): Buffer {
  const bits = [...Buffer.from(value)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const skipped = [0, 4, 2][shift] ?? 0;
  const groups = bits.slice(skipped).match(/.{6}/g) ?? [];
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return Buffer.from(groups.map((group) => alphabet[Number.parseInt(group, 2)] ?? '').join(''));
}
