import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';

interface GlossaryRow {
  readonly word: string;
  readonly meaning: string;
  readonly synonyms: readonly string[];
  readonly place: string;
}

const rows = parseRows(readFileSync('docs/glossary.md', 'utf8'));
const source = readSource();

describe('docs/glossary.md', () => {
  it('is in alphabetical order', () => {
    const words = rows.map(({ word }) => word);
    expect(words.length).toBeGreaterThanOrEqual(40);
    expect(words).toEqual(words.toSorted((a, b) => (a < b ? -1 : 1)));
  });

  it.each(rows)('uses $word as src does: in a file name, a type name or a docstring', ({ word }) => {
    expect(isUsed(word)).toBe(true);
  });

  it('knows when src does not use a word', () => {
    expect(isUsed('quasar')).toBe(false);
  });

  it('points each word to a place that exists', () => {
    expect(rows.filter(({ place }) => !existsSync(place))).toEqual([]);
  });

  it('leads each synonym to one word, and never to a synonym that is a word itself', () => {
    const synonyms = rows.flatMap((row) => row.synonyms.map((synonym) => synonym.toLowerCase()));
    const words = rows.map(({ word }) => word);
    expect(rows.filter(({ synonyms: own }) => own.length === 0)).toEqual([]);
    expect(synonyms.filter((synonym, index) => synonyms.indexOf(synonym) !== index)).toEqual([]);
    expect(synonyms.filter((synonym) => words.includes(synonym))).toEqual([]);
  });

  it.each([
    ['state machine', 'rotation'],
    ['transition', 'rotation'],
    ['drift', 'reconciler'],
    ['dry run', 'plan'],
    ['backoff', 'retry'],
    ['idempotency', 'rotation id'],
    ['dedup', 'rotation id'],
    ['race', 'compare-and-set'],
    ['rollback', 'roll-back'],
    ['timeout', 'deadline'],
    ['concurrency', 'journal'],
  ])('leads a newcomer who searches for %s to %s', (synonym, word) => {
    expect(rows.find(({ synonyms }) => synonyms.includes(synonym))?.word).toBe(word);
  });
});

function parseRows(page: string): readonly GlossaryRow[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| word |'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, word = '', meaning = '', synonyms = '', place = '']) => ({
      word,
      meaning,
      synonyms: synonyms.split(', ').filter((synonym) => synonym !== ''),
      place: place.replaceAll('`', ''),
    }));
}

/** File names, type names and docstrings of src, in lower case and with blanks between words. */
function readSource(): string {
  const parts = globSync('src/**/*.ts').flatMap((path) => {
    const text = readFileSync(path, 'utf8');
    const types = [...text.matchAll(/\b(?:interface|type|class) ([A-Z]\w+)/g)].map(([, name = '']) =>
      name.replaceAll(/(?!^)([A-Z])/g, ' $1'),
    );
    const docstrings = [...text.matchAll(/\/\*\*([\s\S]*?)\*\//g)].map(([, docstring = '']) =>
      docstring.replaceAll(/\n\s*\*/g, ' ').replaceAll(/\s+/g, ' '),
    );
    return [basename(path, '.ts').replaceAll('-', ' '), ...types, ...docstrings];
  });
  return parts.join('\n').toLowerCase();
}

/** Whether src uses the word, or its plural; a hyphen counts as a blank, because file names have no other. */
function isUsed(word: string): boolean {
  const pattern = word.replaceAll(/[- ]/g, '[- ]');
  return new RegExp(`\\b${pattern}s?\\b`).test(source);
}
