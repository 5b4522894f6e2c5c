import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { receiptMarker } from '../../../src/provenance/receipt-line.ts';
import { neutralizeWorkflowCommands } from '../../../src/runner/redaction/neutralize-workflow-commands.ts';
import { splitStreams } from '../../../src/runner/redaction/split-streams.ts';
import { secretSearch } from '../../../src/runner/redaction/search/secret-search.ts';
import { startRedaction } from '../../../src/runner/redaction/redaction.ts';

const search = secretSearch([Buffer.from(receiptMarker)]);

/** What a log holds when two streams write by turns, with silences and an end; by which stream, what. */
function logOf(writes: readonly (readonly [0 | 1, string])[], commands = false): string {
  const one = () => (commands ? neutralizeWorkflowCommands(startRedaction(search)) : startRedaction(search));
  const streams = splitStreams([one(), one()], { commands });
  const parts = writes.flatMap(([stream, text]) => [
    Buffer.from(streams[stream].push(Buffer.from(text))).toString('latin1'),
    Buffer.from(streams[stream].release()).toString('latin1'),
  ]);
  const ends = streams.map((stream) => Buffer.from(stream.end()).toString('latin1'));
  return [...parts, ...ends].join('');
}

describe('two streams in one log', () => {
  it('make no receipt together, wherever its mark is parted, by a silence or an end', () => {
    for (let at = 1; at < receiptMarker.length; at += 1) {
      const [head, tail] = [receiptMarker.slice(0, at), `${receiptMarker.slice(at)}1 7b7d.0123456789abcdef\n`];
      expect(
        logOf([
          [0, head],
          [1, tail],
        ]),
      ).not.toContain(receiptMarker);
      expect(
        logOf([
          [0, `before\n${head}`],
          [1, ''],
          [1, tail],
        ]),
      ).not.toContain(receiptMarker);
    }
    expect(
      logOf([
        [0, 'key'],
        [1, 'turn'],
        [0, '-re'],
        [1, 'ceipt-1 7b7d\n'],
      ]),
    ).not.toContain(receiptMarker);
  });

  it('make no command together where commands are hidden', () => {
    expect(
      logOf(
        [
          [0, ':'],
          [1, ':add-mask::x\n'],
        ],
        true,
      ),
    ).not.toMatch(/^::/m);
    expect(
      logOf(
        [
          [0, '#'],
          [1, '#[add-mask]x\n'],
        ],
        true,
      ),
    ).not.toMatch(/^##\[/m);
  });

  it('pass unchanged otherwise', () => {
    expect(
      logOf([
        [0, 'Password: '],
        [1, 'a warning\n'],
        [0, 'and on\n'],
      ]),
    ).toBe('Password: a warning\nand on\n');
    expect(
      logOf([
        [0, 'keyt'],
        [0, 'urn\n'],
        [1, 'x'],
      ]),
    ).toBe('keyturn\nx');
  });

  it('never hold the mark at the start of a line, and lose or change nothing but line feeds', () => {
    const text = fc.array(fc.constantFrom('keyt', 'urn-', 'receipt', '-', '1 ', '\n', 'x', ':', 'k'), { maxLength: 4 });
    const writes = fc.array(
      fc.tuple(
        fc.constantFrom<0 | 1>(0, 1),
        text.map((parts) => parts.join('')),
      ),
    );
    fc.assert(
      fc.property(writes, (all) => {
        const log = logOf(all);
        expect(log).not.toMatch(/^keyturn-receipt-/m);
        const letters = (given: string) => given.replace(/\n/g, '').length;
        const whole = all.map(([, part]) => part).join('');
        if (!log.includes('***')) expect(letters(log)).toBe(letters(whole));
      }),
      { numRuns: 2_000 },
    );
  });
});
