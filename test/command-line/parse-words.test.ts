import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CommandRow, type Program, typedWords } from '../../src/command-line/command-row.ts';
import { parseWords } from '../../src/command-line/parse-words.ts';
import { readPlainWords } from '../../src/command-line/plain-words.ts';
import { program as service } from '../../src/commands/command-table.ts';
import { program as helper } from '../../src/runner/command-table.ts';

const row = {
  name: 'copy',
  summary: 'copies',
  about: 'Copies.',
  arguments: [{ name: 'FROM', says: 'from where', required: true }],
  options: {
    to: { value: 'DIR', says: 'where to', repeats: true },
    mode: { value: 'MODE', says: 'how' },
    'no-links': { says: 'follows no link' },
    out: { value: 'FILE', says: 'where the list goes' },
  },
  rest: 'COMMAND',
  examples: ['tool copy a'],
} as const satisfies CommandRow;
const program: Program = {
  name: 'tool',
  version: '1.2.3',
  about: 'A tool.',
  footer: '',
  rows: [row],
  quotesWords: true,
};

describe('the words of a call', () => {
  it('are read by the row of the command, with what was not given', () => {
    const call = parseWords(program, ['copy', 'a', '--to', 'x', '--to=y', '--no-links']);
    expect(call).toMatchObject({ kind: 'run', row });
    if (call.kind !== 'run') return;
    expect(typedWords(row, call.words)).toEqual({
      values: { to: ['x', 'y'], mode: undefined, 'no-links': true, out: undefined },
      positionals: ['a'],
      rest: [],
    });
  });

  it('after -- belong to another program and stay untouched', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (rest) => {
        const words = ['a', '--to', 'x', '--', ...rest];
        expect(parseWords(program, ['copy', ...words])).toMatchObject({
          kind: 'run',
          words: { positionals: ['a'], rest },
        });
        expect(readPlainWords(row, words)).toMatchObject({ positionals: ['a'], rest });
      }),
    );
  });

  it.each(helper.rows)('mean the same to both readers, where the quick one takes them: $name', (one) => {
    const given = Object.entries(one.options).map(([name, { value }]): fc.Arbitrary<string[]> => {
      if (value === undefined) return fc.constantFrom([`--${name}`], [`--${name}=`]);
      return fc.oneof(
        fc.string().map((text) => [`--${name}=${text}`]),
        fc.string().map((text) => [`--${name}`, text]),
      );
    });
    const word = fc.string().map((text) => [text]);
    fc.assert(
      fc.property(fc.array(fc.oneof(word, ...given), { maxLength: 6 }), (chosen) => {
        const words = chosen.flat().filter((text) => text !== '--help' && text !== '-h');
        const plain = readPlainWords(one, words);
        if (plain === null) return;
        const call = parseWords(helper, [one.name, ...words]);
        expect(call.kind).toBe('run');
        if (call.kind === 'run') expect(typedWords(one, call.words)).toEqual(typedWords(one, plain));
      }),
    );
  });

  it('that a secret could be among are not repeated by the helper', () => {
    const swordfish = 'Swordfish-1234';
    for (const words of [
      [swordfish],
      ['exec', swordfish, '--', 'true'],
      ['exec', `--secrt=${swordfish}`, '--', 'true'],
      ['exec', `--${swordfish}`, '--', 'true'],
      ['completion', swordfish],
    ]) {
      const call = parseWords(helper, words);
      expect([words, call.kind, JSON.stringify(call).includes('wordfish')]).toEqual([words, 'wrong', false]);
    }
    expect(parseWords(helper, ['exec', `--secrt=${swordfish}`, '--', 'true'])).toMatchObject({
      reason: "Unknown option '--secrt'. Did you mean '--secret'?",
    });
    expect(parseWords(helper, ['exce'])).toMatchObject({ reason: "Unknown command 'exce'. Did you mean 'exec'?" });
  });
});

describe('every command of both programs', () => {
  it.each([service, helper])('has a help with a way to call it and an example: $name', (one) => {
    for (const { name } of one.rows) {
      const call = parseWords(one, [name, '--help']);
      const text = call.kind === 'text' ? call.text : '';
      expect([name, text]).toEqual([name, expect.stringMatching(new RegExp(`^Usage: ${one.name} ${name}`))]);
      expect([name, text]).toEqual([name, expect.stringMatching(/^Example: \S/m)]);
    }
  });

  it.each([service, helper])('understands its own examples: $name', (one) => {
    for (const { examples } of one.rows) {
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        const [, ...words] =
          example
            .replace('npm start --', 'keyturn start')
            .replace(/ > .*/, '')
            .match(/"[^"]*"|\S+/g) ?? [];
        expect([example, parseWords(one, words)]).toEqual([example, expect.objectContaining({ kind: 'run' })]);
      }
    }
  });
});
