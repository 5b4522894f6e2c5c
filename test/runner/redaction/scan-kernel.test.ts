import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startRedaction } from '../../../src/runner/redaction/redaction.ts';
import { ScanMemory } from '../../../src/runner/redaction/search/scan-kernel.ts';
import { type SecretSearch, secretSearch } from '../../../src/runner/redaction/search/secret-search.ts';
import { masksOf, type Start } from './masks-of.ts';

const hexOf = (sign: string) => sign.charCodeAt(0).toString(16).padStart(2, '0');

/** As where there is no WebAssembly. */
class NoMemory extends ScanMemory {
  override kernel(): null {
    return null;
  }
}

interface Writer {
  /** Ways to write one character, besides as it is. */
  readonly forms: (sign: string) => readonly string[];
  /** What is no needle's, and looks as if it were. */
  readonly noise: readonly string[];
}

const controls: Readonly<Record<string, string>> = { '\n': '\\n', '\u001b': '\\e' };

/** By the view that reads them. */
const writers: Readonly<Record<string, Writer>> = {
  percent: {
    forms: (sign) => [
      `%${hexOf(sign)}`,
      `%25${hexOf(sign)}`,
      `%25%${hexOf(sign)}`,
      `%u00${hexOf(sign)}`,
      `%25u00${hexOf(sign)}`,
      ...(sign === '%' ? ['%%'] : []),
      // A character beyond ASCII is two bytes of a needle and of what is printed, each of which has its turn.
      ...(sign === '\u00c3' ? ['%C3', '%25C3', '%e3'] : []),
    ],
    noise: ['%', '%%', '%2', '%25', '%252', '%41', '%u', '%u004', '%E4', '%C3%A4', '%25u', '%25E4', '%25C3%25A4'],
  },
  form: { forms: (sign) => [sign === ' ' ? '+' : `%${hexOf(sign)}`], noise: ['+', '%2B', ' ', '%'] },
  backslashes: {
    forms: (sign) => [
      `\\x${hexOf(sign)}`,
      `\\u00${hexOf(sign)}`,
      `\\\\u00${hexOf(sign)}`,
      `\\\\\\u00${hexOf(sign)}`,
      `\\u{${hexOf(sign)}}`,
      `\\${sign.charCodeAt(0).toString(8)}`,
      controls[sign] ?? `\\${sign}`,
      `\\${controls[sign] ?? `\\${sign}`}`,
      `\\\\${controls[sign] ?? `\\${sign}`}`,
      `\\\n${sign}`,
      `${'\\\n'.repeat(4)}${sign}`,
      JSON.stringify(JSON.stringify(JSON.stringify(sign).slice(1, -1)).slice(1, -1)).slice(1, -1),
    ],
    noise: ['\\', '\\'.repeat(9), '\\'.repeat(17), '\\n', '\\"', '\\\\n', '\\u004', '\\x4', '\\\n'.repeat(6)],
  },
  entities: {
    forms: (sign) => [`&#${String(sign.charCodeAt(0))};`, `&#x${hexOf(sign)};`, sign === '&' ? '&amp;' : sign],
    noise: ['&', '&abc', '&quot;', '&#', '&amp', ';'],
  },
  quotes: {
    forms: (sign) => {
      if (sign === "'") return ["''", "'\\''", `'"'"'`];
      return [sign + (/["$%]/.test(sign) ? sign : ''), `^${sign}`, `\`${sign}`];
    },
    noise: ["''", "'", '"', '""', '$', '$$', '^', '`'],
  },
  colours: {
    forms: (sign) => [`\u001b[31m${sign}`, `\u001b[K\u001b[1;2m${sign}`, `${'\u001b[m'.repeat(4)}${sign}`],
    noise: ['\u001b[', '\u001b', '\u001b[0m', '\u001b[m'.repeat(5)],
  },
  lines: {
    forms: (sign) => [`\n${sign}`, `\r\n  ${sign}`, `\\n${sign}`, `=\n${sign}`, `=\r\n${sign}`, `\n${sign}`],
    noise: ['\n', '\n\n', '\r', '=', '.'.repeat(17)],
  },
  'quoted-printable': {
    forms: (sign) => [`=${hexOf(sign).toUpperCase()}`, `=${hexOf(sign)}`],
    noise: ['=', '==', '=\n', '=4'],
  },
};

const alphabets = ['aB4/', 'q z\\', `k'"$&`, 'x=+%', 'aaab', '\u001b[m1', 'n\nu0', 'a\u00c3\u00a4\u00e3'];

/** Needles, and texts that hold them, parts of them and other escapes, long enough that the kernel looks at most of them. */
function cases({ forms, noise }: Writer, alphabet: string) {
  const sign = fc.constantFrom(...Array.from(alphabet));
  const needle = fc
    .constantFrom(4, 5, 9, 12, 13, 18, 40)
    .chain((length) => fc.array(sign, { minLength: length, maxLength: length }))
    .map((signs) => signs.join(''));
  return fc
    .record({ needles: fc.array(needle, { minLength: 1, maxLength: 4 }), plain: fc.array(needle, { maxLength: 1 }) })
    .chain(({ needles, plain }) => {
      // Few characters written otherwise, or most: a long needle is found only if all its escapes can be read together.
      const written = fc
        .record({ one: fc.constantFrom(...needles), among: fc.constantFrom(1, 3, 12) })
        .chain(({ one, among }) =>
          fc.tuple(
            ...Array.from(one, (each) => fc.constantFrom(...Array<string>(among * 2).fill(each), ...forms(each))),
          ),
        );
      const part = written.chain((all) => fc.nat(all.length).map((to) => all.slice(0, to)));
      const other = fc.array(
        fc.oneof(
          sign,
          sign.chain((one) => fc.constantFrom(...forms(one), ...noise)),
        ),
        {
          maxLength: 20,
        },
      );
      const filler = fc.integer({ min: 0, max: 70 }).map((length) => ['.'.repeat(length)]);
      const text = fc
        .array(fc.oneof(written, written, part, other, filler), { minLength: 4, maxLength: 16 })
        .map((pieces) => pieces.flat().join(''));
      return fc.record({ needles: fc.constant(needles), plain: fc.constant(plain), text, cut: fc.nat(600) });
    });
}

describe('the kernel finds what the search without it finds', () => {
  it.each(Object.keys(writers).flatMap((name) => alphabets.map((alphabet) => [name, alphabet] as const)))(
    '%s of needles made of %j',
    (name, alphabet) => {
      const before = Buffer.from('0123456789abcdef');
      fc.assert(
        fc.property(cases(writers[name] as Writer, alphabet), ({ needles, plain, text, cut }) => {
          const fast = secretSearch(bytesOf(needles), bytesOf(plain));
          const slow = secretSearch(bytesOf(needles), bytesOf(plain), new NoMemory());
          const bytes = Buffer.from(text, 'latin1');
          expect(startsIn(fast, bytes, before)).toEqual(startsIn(slow, bytes, before));
          expect(redacted(fast, bytes, cut)).toBe(redacted(slow, bytes, cut));
        }),
        { numRuns: 80 },
      );
    },
  );

  it('and all of a value whose first sign is one of many backslashes in JSON in JSON in JSON', () => {
    const needles = [Buffer.from('\\ qqq')];
    for (let run = 1; run < 40; run += 1) {
      const text = `${'.'.repeat(10)}${'\\'.repeat(run)} qq\\\\\\q${'.'.repeat(150)}`;
      // Fifteen and a blank are the most that show one and a blank.
      const masked = `${'.'.repeat(10)}${'\\'.repeat(Math.max(0, run - 15))}***${'.'.repeat(150)}`;
      for (const memory of [new ScanMemory(), new NoMemory()]) {
        expect(redacted(secretSearch(needles, [], memory), Buffer.from(text), text.length)).toBe(masked);
      }
    }
  });

  it('in random bytes, for needles that are no text', () => {
    const needles = fc.array(fc.uint8Array({ minLength: 4, maxLength: 30 }), { minLength: 1, maxLength: 5 });
    const texts = fc.array(fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.nat(4)), { minLength: 4, maxLength: 12 });
    fc.assert(
      fc.property(needles, texts, fc.nat(400), (some, pieces, cut) => {
        const all = some.map((one) => Buffer.from(one));
        const text = Buffer.concat(
          pieces.map((piece) => (typeof piece === 'number' ? (all[piece] ?? Buffer.alloc(0)) : piece)),
        );
        const fast = secretSearch(all);
        const slow = secretSearch(all, [], new NoMemory());
        expect(redacted(fast, text, cut)).toBe(redacted(slow, text, cut));
      }),
      { numRuns: 500 },
    );
  });

  it('in texts that do not fit into its memory, and in those after them', () => {
    const search = secretSearch([Buffer.from('swordfish-Xk29')]);
    const small = `${'. '.repeat(100)}swordfish-Xk29 and swordfish%2DXk29${' .'.repeat(100)}`;
    const large = `${'. '.repeat(100_000)}swordfish%2DXk29${' .'.repeat(100)}`;
    for (const text of [small, large, small]) {
      expect(redacted(search, Buffer.from(text), 0)).toBe(text.replaceAll(/swordfish(?:-|%2D)Xk29/g, '***'));
    }
  });

  it('at the end of a chunk as large as a pipe', () => {
    const search = secretSearch([Buffer.from('swordfish-Xk29')]);
    const text = `${'.'.repeat(65_530)}swordfish-Xk29${'.'.repeat(70_000)}swordfish\\u002dXk29.`;
    const expected = `${'.'.repeat(65_530)}***${'.'.repeat(70_000)}***.`;
    expect(redacted(search, Buffer.from(text), 65_536)).toBe(expected);
  });
});

it('a Node without WebAssembly redacts the same', () => {
  const program = `
    import { secretSearch } from './src/runner/redaction/search/secret-search.ts';
    import { startRedaction } from './src/runner/redaction/redaction.ts';
    delete globalThis.WebAssembly;
    const redaction = startRedaction(secretSearch([Buffer.from('swordfish-Xk29')]));
    process.stdout.write(redaction.push(Buffer.from('.'.repeat(500) + 'swordfish%2dXk29' + '.'.repeat(500))));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  expect(stdout).toBe(`${'.'.repeat(500)}***${'.'.repeat(500)}`);
});

it('the bytes of the kernel are those of its source', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-kernel.mjs', '--check'], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
});

function bytesOf(texts: readonly string[]): readonly Buffer[] {
  return texts.map((text) => Buffer.from(text, 'latin1'));
}

/** Where needles are, and where the end leaves open whether one is. */
function startsIn(search: SecretSearch, text: Buffer, before: Buffer) {
  const starts: Start[] = [];
  search.look(text, before, false);
  for (let start = search.next(0); start.at < text.length; start = search.next(start.last + 1)) {
    starts.push({ at: start.at, whole: start.whole, open: start.open });
  }
  return masksOf(starts);
}

/** What a text becomes that comes in two pieces, each read to where the redaction wants it if it has the room. */
function redacted(search: SecretSearch, text: Buffer, cut: number): string {
  const redaction = startRedaction(search);
  const room = redaction.room();
  const pieces = [text.subarray(0, cut), text.subarray(cut)].map((piece) => {
    const chunk = piece.length > room.length ? piece : room.subarray(0, piece.copy(room));
    return redaction.push(chunk).toString('latin1');
  });
  return pieces.join('') + redaction.end().toString('latin1');
}
