import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'vitest';

const end = '<!-- end -->';

/**
 * Expects one part of a page, between `<!-- held: NAME -->` and `<!-- end -->`, to be what the code says now; gives it.
 * With `WRITE_DOCS=1` in the environment the page is written anew instead.
 */
export function heldBlock(page: string, name: string, expected: string): string {
  const text = readFileSync(page, 'utf8');
  const head = `<!-- held: ${name} -->\n`;
  const from = text.indexOf(head) + head.length;
  const to = text.indexOf(end, from);
  if (from < head.length || to === -1) throw new Error(`${page} has no part held: ${name}`);
  if (process.env['WRITE_DOCS'] !== '1') {
    expect(text.slice(from, to), `WRITE_DOCS=1 npm test -- test/docs writes ${page} anew`).toBe(expected);
    return expected;
  }
  writeFileSync(page, `${text.slice(0, from)}${expected}${text.slice(to)}`);
  return expected;
}

/** A fenced block of code, as `heldBlock` compares it. */
export function fenced(language: string, code: string): string {
  return `\`\`\`${language}\n${code.trimEnd()}\n\`\`\`\n`;
}

/** The code within a fenced block. */
export function codeIn(block: string): string {
  const code = /^```[a-z]*\n([\s\S]*)\n```\n$/.exec(block)?.[1];
  if (code === undefined) throw new Error('This part of the page is no fenced block.');
  return code;
}

/** Rows as a table of Markdown. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return [line(head), `|${'---|'.repeat(head.length)}\n`, ...rows.map(line)].join('');
}
