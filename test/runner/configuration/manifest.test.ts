import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkManifest, parseManifest, readManifest } from '../../../src/runner/configuration/manifest.ts';
import { fillTemplate } from '../../../src/runner/delivery/template.ts';
import { messageOf } from '../../../src/runner/message-of.ts';
import { ServiceError } from '../../../src/service-error.ts';

/** The places of all faults, or `taken`; a fault of the YAML is named by line and column. */
const place = async (text: string): Promise<string> => {
  const { faults } = await checkManifest(text);
  const places = faults.map(({ place: where, line, column }) =>
    where === 'the YAML' ? `line ${String(line)}, column ${String(column)}` : where,
  );
  return places.length === 0 ? 'taken' : places.join(' ');
};

const manifest = (entry: string) => `format: 1\nsecrets:\n  - ${entry}\n`;

describe('a manifest', () => {
  it('yields a request for each secret, with every optional part', async () => {
    const text = `
format: 1
secrets:
  - { name: database-password, environment: DATABASE_PASSWORD }
  - name: tls-key
    vault: kv-prod
    version: 0123456789abcdef0123456789abcdef
    fileVariable: TLS_KEY_FILE
    required: false
    life: 24h
  - { name: account, pointer: /user/name~1x, descriptor: 3 }
`;
    expect((await parseManifest(text)).requests).toEqual([
      {
        name: 'database-password',
        vault: null,
        version: null,
        pointer: null,
        target: { kind: 'environment', variable: 'DATABASE_PASSWORD' },
        required: true,
        minimumLifeMs: 0,
      },
      {
        name: 'tls-key',
        vault: 'kv-prod',
        version: '0123456789abcdef0123456789abcdef',
        pointer: null,
        target: { kind: 'file', path: null, variable: 'TLS_KEY_FILE' },
        required: false,
        minimumLifeMs: 86_400_000,
      },
      {
        name: 'account',
        vault: null,
        version: null,
        pointer: '/user/name~1x',
        target: { kind: 'descriptor', number: 3 },
        required: true,
        minimumLifeMs: 0,
      },
    ]);
  });

  it('selects by prefix only with the key prefix', async () => {
    const { requests, selections } = await parseManifest(
      manifest('{ prefix: App-, environmentPrefix: APP_, vault: kv-prod, required: false, life: 1h }'),
    );
    expect(requests).toEqual([]);
    expect(selections).toEqual([
      { prefix: 'app-', variablePrefix: 'APP_', vault: 'kv-prod', required: false, minimumLifeMs: 3_600_000 },
    ]);
  });

  it.each([
    ['an unknown key', manifest('{ name: a, environment: A, pasword: x }'), 'secrets[0].pasword'],
    ['an unknown key beside the secrets', 'format: 1\nsecrets: []\nvault: x\n', 'vault'],
    ['a wildcard', manifest('{ name: "db-*", environment: A }'), 'secrets[0].name'],
    ['no place', manifest('{ name: a }'), 'secrets[0].environment'],
    ['an entry that is text', manifest('a'), 'secrets[0]'],
    ['two places', manifest('{ name: a, environment: A, descriptor: 3 }'), 'secrets[0].descriptor'],
    ['a variable that programs obey', manifest('{ name: a, environment: LD_PRELOAD }'), 'secrets[0].environment'],
    ['one place twice', `${manifest('{ name: a, environment: A }')}  - { name: b, environment: A }\n`, 'secrets[1]'],
    ['a life that is no duration', manifest('{ name: a, environment: A, life: 2 weeks }'), 'secrets[0].life'],
    ['a prefix and a name', manifest('{ prefix: app-, name: a, environmentPrefix: A_ }'), 'secrets[0].name'],
    ['a prefix that is nearly everything', manifest('{ prefix: a, environmentPrefix: A_ }'), 'secrets[0].prefix'],
    ['a wildcard in a prefix', manifest('{ prefix: "app-*", environmentPrefix: A_ }'), 'secrets[0].prefix'],
    ['the prefix of staging secrets', manifest('{ prefix: Rot-pending, environmentPrefix: A_ }'), 'secrets[0].prefix'],
    ['a prefix without variables', manifest('{ prefix: app- }'), 'secrets[0].environmentPrefix'],
    [
      'variables that programs obey',
      manifest('{ prefix: app-, environmentPrefix: LD_ }'),
      'secrets[0].environmentPrefix',
    ],
    ['a pointer into many', manifest('{ prefix: app-, environmentPrefix: A_, pointer: /a }'), 'secrets[0].pointer'],
    ['a relative path', manifest('{ name: a, file: here }'), 'secrets[0].file'],
    ['a list in place of a name', manifest('{ name: [a], environment: A }'), 'secrets[0].name'],
    [
      '__proto__ as a key',
      manifest('{ name: a, environment: A, __proto__: { required: false } }'),
      'secrets[0].__proto__',
    ],
    ['a key twice', manifest('{ name: a, name: b, environment: A }'), 'line 3, column 16'],
    ['another format', 'format: 2\nsecrets: []\n', 'format'],
    ['no secret', 'format: 1\nsecrets: []\n', 'secrets'],
    ['no mapping', '- a\n', 'the whole file'],
  ])('is refused with %s, naming the place', async (_fault, text, where) => {
    expect(await place(text)).toBe(where);
  });

  it('is refused with all its faults at once, in words, each at its line and column', async () => {
    const text = [
      'format: 1',
      'secrets:',
      '  - name: db-*',
      '    enviroment: DATABASE_PASSWORD',
      '  - { name: a, environment: 1A, life: soon }',
      '  - { name: b, environment: B }',
      '  - { name: c, environment: B }',
    ].join('\n');
    const thrown: unknown = await parseManifest(text, 'ci/keyturn.yml').catch((error: unknown) => error);
    expect(messageOf(thrown)).toEqual([
      'MANIFEST_MALFORMED: The manifest is invalid at the places named. Correct it there.',
      'ci/keyturn.yml:3:5: secrets[0].environment needs exactly one of environment, file, fileVariable and descriptor',
      'ci/keyturn.yml:3:11: secrets[0].name must be the name of a secret: letters, digits and hyphens, without a wildcard',
      'ci/keyturn.yml:4:17: secrets[0].enviroment is not known here',
      'ci/keyturn.yml:5:29: secrets[1].environment must be the name of a variable: letters, digits and _, not starting with a digit',
      'ci/keyturn.yml:5:39: secrets[1].life must be a duration such as 24h',
      'ci/keyturn.yml:7:5: secrets[3] has the same destination as secrets[2]: variable B',
    ]);
  });

  it('is told of each destination that is wrong, and that there is one too many', async () => {
    const { faults } = await checkManifest('format: 1\nsecrets:\n  - name: a\n    file: here\n    descriptor: 12\n');
    expect(faults.map(({ line, column, reason }) => [line, column, reason])).toEqual([
      [4, 11, 'must be an absolute path without spaces'],
      [5, 17, 'must be 3 to 9'],
      [5, 17, 'needs exactly one of environment, file, fileVariable and descriptor'],
    ]);
  });

  it.each([
    ['a pipe', (path: string) => void execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', path])],
    ['a device', (path: string) => symlinkSync('/dev/zero', path)],
    ['a folder', (path: string) => mkdirSync(path)],
  ])('is not opened, and not waited for, where it is %s', async (_, make) => {
    const path = join(mkdtempSync(join(tmpdir(), 'manifest-')), 'keyturn.yml');
    make(path);
    await expect(readManifest(path)).rejects.toMatchObject({
      code: 'MANIFEST_MISSING',
      details: { file: path, reason: 'it is a folder, a pipe or a device, and not a file' },
    });
    rmSync(dirname(path), { recursive: true });
  });

  it('that is not there is called missing, by its path', async () => {
    await expect(readManifest('no/such/keyturn.yml')).rejects.toMatchObject({
      code: 'MANIFEST_MISSING',
      details: { file: 'no/such/keyturn.yml', reason: 'there is no such file' },
    });
  });

  it('with a fault of YAML is told what to write, and not a code', async () => {
    const { faults } = await checkManifest('format: 1\nsecrets:\n\t- name: a\n');
    expect(faults[0]).toMatchObject({ line: 3, reason: 'is indented with a tab; use spaces' });
  });

  it('is refused at once if a few aliases would expand to a gigabyte', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
      .concat(
        'bcdefghi'.split('').map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index] ?? ''},`.repeat(9)}]`),
      )
      .join('\n');
    expect(await place(`format: 1\n${bomb}\nsecrets: *i\n`)).toBe('the whole file');
  });

  it('is either accepted or refused with a place, whatever it contains', async () => {
    const word = fc.constantFrom(
      'format',
      '1',
      'secrets',
      'name',
      'environment',
      'prefix',
      'environmentPrefix',
      '- ',
      ': ',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '!!',
      '"',
      "'",
      '\t',
      '__proto__',
      '|',
      '>',
      '%',
      '\u0000',
      '💥',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
          fc.string(),
        ),
        async (text) => {
          expect(await place(text)).not.toMatch(/^not our error/);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('a template', () => {
  const values = new Map([
    ['PASSWORD', `p"a'$s{{ OTHER }}`],
    ['OTHER', 'other'],
  ]);
  const fill = (template: string) => fillTemplate('app.conf', template, values);

  it('inserts values in the requested encoding, and parses none of them as template', () => {
    expect(fill('p={{ PASSWORD }}')).toBe(`p=p"a'$s{{ OTHER }}`);
    expect(fill('{"p":"{{json PASSWORD}}"}')).toBe(`{"p":"p\\"a'$s{{ OTHER }}"}`);
    expect(fill('P={{ shell PASSWORD }}')).toBe(`P='p"a'\\''$s{{ OTHER }}'`);
    expect(fill('{{ base64 OTHER }} {{ url OTHER }} {{ "{{" }}')).toBe('b3RoZXI= other {{');
  });

  it.each([
    ['a name that nobody asked for', 'a\n{{ MISSING }}', 2],
    ['a form that is none', '{{ upper OTHER }}', 1],
    ['a name that every object has', '{{ constructor OTHER }}', 1],
    ['braces that stay open', 'x\ny\n{{ OTHER', 3],
    ['three words', '{{ json OTHER PASSWORD }}', 1],
  ])('is refused with %s, naming the line', (_fault, template, line) => {
    let thrown: unknown = null;
    try {
      fill(template);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'TEMPLATE_MALFORMED', details: { line } });
  });

  it('is either filled or refused with a line, and never shows a value in a message', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('{{', '}}', ' ', 'PASSWORD', 'json', '\n', '"', 'x')), (words) => {
        try {
          fill(words.join(''));
        } catch (error) {
          expect(ServiceError.is(error, 'TEMPLATE_MALFORMED')).toBe(true);
          expect(String(error)).not.toContain(values.get('PASSWORD'));
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
