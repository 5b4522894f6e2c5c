import { describe, expect, it } from 'vitest';
import { textTable } from '../../src/command-line/text-table.ts';

describe('a table on a terminal', () => {
  it('names its columns, and is as wide as what it holds', () => {
    const rows = [
      ['overdue', 'vault/a', '2026-11-01'],
      ['good', 'vault/a-longer-name', '-'],
    ];
    expect(textTable(['state', 'secret', 'due'], rows)).toEqual([
      'STATE    SECRET               DUE',
      'overdue  vault/a              2026-11-01',
      'good     vault/a-longer-name  -',
    ]);
  });

  it('is nothing where there is nothing to show', () => {
    expect(textTable(['state'], [])).toEqual([]);
  });
});
