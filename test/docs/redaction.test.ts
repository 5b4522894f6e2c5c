import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { printedForms } from '../runner/redaction/printed-forms.ts';
import { heldBlock, markdownTable } from './held-block.ts';

describe('docs/redaction.md', () => {
  it('lists every form that the tests print, and what becomes of it', () => {
    const rows = printedForms.map(({ form, writtenBy, github, hidden }, index) => [
      form.replaceAll('|', '\\|'),
      writtenBy,
      github ? 'yes' : 'no',
      index === 0 ? 'yes' : 'not known',
      hidden === true ? '**yes**' : `no: ${hidden}`,
    ]);
    const head = ['form', 'written by', "GitHub's runner", '`op run`', 'keyturn-fetch'];
    heldBlock('docs/redaction.md', 'forms', markdownTable(head, rows));
    expect(rows.length).toBeGreaterThan(80);
  });

  it('names every program that the tests run', () => {
    const page = readFileSync('docs/redaction.md', 'utf8');
    for (const name of ['Node', 'Python', 'bash', 'dash', 'Perl', 'Ruby', 'PHP', 'Java', 'Go'])
      expect(page).toContain(name);
  });
});
