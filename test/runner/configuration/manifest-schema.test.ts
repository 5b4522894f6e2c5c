import { readFileSync } from 'node:fs';
import { Ajv2020 as Ajv } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import * as forms from '../../../src/runner/configuration/form.ts';
import { checkManifest } from '../../../src/runner/configuration/manifest.ts';

const text = readFileSync('docs/keyturn.schema.json', 'utf8');
// `type` may be given by a reference, so the strict check for it is off.
const isValid = new Ajv({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true }).compile(
  JSON.parse(text) as object,
);

/** Members of an entry, each with a right and some wrong values. `undefined` leaves it out. */
const members = {
  name: ['database-password', 'db-*', 7, undefined],
  vault: ['kv-prod', 'KV', undefined, undefined],
  version: ['0123456789abcdef0123456789abcdef', 'latest', undefined, undefined],
  pointer: ['/user/name~1x', 'user', undefined, undefined],
  environment: ['DATABASE_PASSWORD', '1A', undefined, undefined],
  file: ['/run/secrets/key', 'here', undefined, undefined, undefined],
  fileVariable: ['KEY_FILE', '', undefined, undefined, undefined],
  descriptor: [3, 2, 3.5, undefined, undefined, undefined],
  required: [true, 'yes', undefined, undefined],
  life: ['24h', '2 weeks', undefined, undefined],
  prefix: ['app-', 'Rot-pending', 'a', undefined, undefined, undefined, undefined],
  environmentPrefix: ['APP_', 'app', undefined, undefined, undefined],
  pasword: ['x', undefined, undefined, undefined, undefined, undefined, undefined],
};

const entry = fc
  .record(Object.fromEntries(Object.entries(members).map(([name, values]) => [name, fc.constantFrom(...values)])))
  .map((one) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)));

describe('the JSON schema of keyturn.yml', () => {
  it('takes what the parser takes, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(entry, fc.constantFrom(1, 1, 1, 2), async (secret, format) => {
        const manifest = { format, secrets: [secret] };
        const { faults } = await checkManifest(stringify(manifest));
        expect([manifest, isValid(manifest)]).toEqual([manifest, faults.length === 0]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('takes the manifests of the examples', async () => {
    const { parse } = await import('yaml');
    const example: unknown = parse(readFileSync('examples/workflows/keyturn.yml', 'utf8'));
    expect(isValid(example)).toBe(true);
  });

  it('has the parser’s own forms', () => {
    const patterns = [...text.matchAll(/"pattern": ("(?:[^"\\]|\\.)*")/g)].map(
      ([, one = '""']) => JSON.parse(one) as string,
    );
    const known = Object.values(forms).map(({ matches }) => matches.source);
    expect(patterns.filter((pattern) => !known.includes(pattern))).toEqual([]);
    expect(new Set(patterns).size).toBe(9);
  });
});
