import { describe, expect, it } from 'vitest';
import { terminalLines } from '../../src/command-line/terminal-lines.ts';

function stream(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text) };
}

describe('lines of a command', () => {
  it('have colour on a terminal, and none in a file, a pipe or where NO_COLOR asks for none', () => {
    for (const [isTTY, colour, painted] of [
      [true, true, true],
      [true, false, false],
      [false, true, false],
    ] as const) {
      const out = stream(isTTY);
      terminalLines(out, stream(false), colour).print('It waits.', 'attention');
      expect([isTTY, colour, out.written.join('').includes('\u001b[')]).toEqual([isTTY, colour, painted]);
      expect(out.written.join('')).toContain('It waits.');
    }
  });

  it('take the place of the progress that stood there', () => {
    const err = stream(true);
    const lines = terminalLines(err, err, false);
    lines.progress('day 1');
    lines.progress('day 2');
    lines.print('The report is done.');
    lines.print('It has no finding.');
    expect(err.written).toEqual([
      '\r\u001b[2Kday 1',
      '\r\u001b[2Kday 2',
      '\r\u001b[2K',
      'The report is done.\n',
      'It has no finding.\n',
    ]);
  });

  it('show no progress where nobody watches', () => {
    const err = stream(false);
    terminalLines(stream(false), err, true).progress('day 1');
    expect(err.written).toEqual([]);
  });
});
