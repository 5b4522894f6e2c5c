import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { hideSecret, searchFor } from '../../../src/runner/redaction/hidden-secret.ts';
import { startRedaction } from '../../../src/runner/redaction/redaction.ts';
import type { SecretSearch } from '../../../src/runner/redaction/search/secret-search.ts';
import { printedForms } from './printed-forms.ts';
import { type SampleKind, sampleValues } from './sample-values.ts';

const kinds = Object.keys(sampleValues) as readonly SampleKind[];
const searches = new Map<SampleKind, SecretSearch>();

beforeAll(async () => {
  for (const kind of kinds) searches.set(kind, searchFor([await hideSecret(kind, sampleValues[kind])]));
});

function redact(kind: SampleKind, chunks: readonly Buffer[]): string {
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
        const written = Buffer.from(write(sampleValues[kind]) as string);
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
      const written = Buffer.from(write(sampleValues.A) as string);
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
