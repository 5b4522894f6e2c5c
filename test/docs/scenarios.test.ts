import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { heldBlock, markdownTable } from './held-block.ts';
import { guards, type Scenario, scenarios } from './scenarios.ts';

/** Whether a file has a test of exactly this title: an argument in quotes, for a name in a comment holds nothing. */
function hasTest(file: string, title: string): boolean {
  const code = readFileSync(file, 'utf8');
  return ["'", '"', '`'].some((quote) => code.includes(`${quote}${title}${quote},`));
}

it('a test that does not exist is not taken for one', () => {
  expect(hasTest('test/docs/scenarios.test.ts', 'is what the list')).toBe(false);
});

describe.each<[string, readonly Scenario[]]>([
  ['scenarios', scenarios],
  ['guards', guards],
])('the table of %s in docs/testing.md', (name, rows) => {
  it.each(rows)('names a test that exists: $given', ({ file, test }) => {
    expect(hasTest(file, test)).toBe(true);
  });

  it('is what the list says', () => {
    const head = [name === 'guards' ? 'guard taken out' : 'given', 'then', 'held by'];
    const cells = rows.map(({ given, result, file, test }) => [
      given,
      result,
      `\`${file}\`: ${test.replace(/\$\{(\w+)\}/g, '$1')}`,
    ]);
    heldBlock('docs/testing.md', name, markdownTable(head, cells));
  });
});
