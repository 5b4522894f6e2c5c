import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { hideSecret, searchFor } from '../../../src/runner/redaction/hidden-secret.ts';
import { startRedaction } from '../../../src/runner/redaction/redaction.ts';
import type { SecretSearch } from '../../../src/runner/redaction/search/secret-search.ts';
import { printedForms } from './printed-forms.ts';

/** A value of each kind: letters and digits, a key in base64, signs, beyond ASCII, a connection string, blanks, lines. */
const values = {
  A: 'Xk29dPqLmZ7v',
  K: 'q83+8S/AbCdEf3+/Zk8rTqUv0w9y/LmN+A==',
  S: `p@s'w"o\\r$&<x>%20#{y}`,
  U: 'pässwörd-日本',
  C: 'Server=a,1433;User ID=app;Password=Zx9!k#$w;',
  T: 'tab\tand blank 7xK',
  M: 'first line, 9Qz\nsecond/line+2==\nthird & "last"',
} as const;

type Kind = keyof typeof values;
const kinds = Object.keys(values) as readonly Kind[];
const searches = new Map<Kind, SecretSearch>();

beforeAll(async () => {
  for (const kind of kinds) searches.set(kind, searchFor([await hideSecret(kind, values[kind])]));
});

function redact(kind: Kind, chunks: readonly Buffer[]): string {
  const search = searches.get(kind);
  if (search === undefined) throw new Error(kind);
  const redaction = startRedaction(search);
  const parts = chunks.map((chunk) => Buffer.from(redaction.push(chunk)));
  return Buffer.concat([...parts, Buffer.from(redaction.end())]).toString('latin1');
}

describe('a value in a form that programs print', () => {
  it.each(printedForms.filter(({ hidden }) => hidden === true).map((form) => [form.form, form] as const))(
    'is hidden: %s',
    (_, { write }) => {
      for (const kind of kinds) {
        const written = Buffer.from(write(values[kind]) as string);
        const whole = redact(kind, [Buffer.from('<<'), written, Buffer.from('>>\n')]);
        expect({ kind, left: remainder(whole), written: written.toString() }).toEqual({
          kind,
          left: expect.stringMatching(allowedRemainder) as string,
          written: written.toString(),
        });
        const text = Buffer.concat([Buffer.from('<<'), written, Buffer.from('>>\n')]);
        fc.assert(
          fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (places) => {
            const cuts = [0, ...places.toSorted((a, b) => a - b), text.length];
            const chunks = cuts.slice(1).map((to, index) => text.subarray(cuts[index], to));
            expect(redact(kind, chunks)).toBe(whole);
          }),
          { numRuns: 12 },
        );
      }
    },
  );

  it.each(printedForms.filter(({ hidden }) => hidden !== true).map((form) => [form.form, form] as const))(
    'is not hidden, as the page says: %s',
    (_, { write }) => {
      const written = Buffer.from(write(values.A) as string);
      expect(redact('A', [written])).toBe(written.toString('latin1'));
    },
  );
});

/** What is left of the text without masks and without what these forms write around a value. */
function remainder(redacted: string): string {
  return redacted
    .replaceAll('***', '')
    .replace(/^<<|>>\n$/g, '')
    .replace(/https:\/\/(u:)?(example\.net)?\/?[?#]?|@example\.net\/|password|^v=|\[|\]/g, '')
    .replace(/e[yw][A-Za-z0-9+/\n]{0,46}/, '');
}

/** Quotes, escapes and indents around the value; of base64, the characters that it shares with what stands beside it. */
const allowedRemainder = /^[^A-Za-z0-9]{0,24}[A-Za-z0-9+/_=\\n]{0,8}[^A-Za-z0-9]{0,16}$/;
