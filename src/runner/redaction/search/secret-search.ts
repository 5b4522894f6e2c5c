import { EscapeFinder } from './escape-finder.ts';
import { gramBytes, gramFilter } from './gram-filter.ts';
import { needleTable } from './needle-table.ts';
import { NeedleWalk, type SecretStart } from './needle-walk.ts';
import { PlaceMarks } from './place-marks.ts';
import { viewTree } from '../views/view-tree.ts';

/** Where needles stand in a text, in any view of it. Serves one text at a time, the one that `look` was called with. */
export interface SecretSearch {
  /** Length of the longest needle. A view may show it in a text several times as long. */
  readonly longest: number;
  /** Looks over a text, `before` which these bytes came; `final` when the stream ends where it does. */
  look(text: Buffer, before: Buffer, final: boolean): void;
  /** First place from `from` on where a needle may begin; the text's length when there is none. */
  next(from: number): number;
  /** What begins at `at`, told by the bytes from there on and a dozen before. Good until the next call. */
  startAt(at: number): SecretStart;
  /** Whether what begins at `at` and is still open has shown no more than a quarter of any needle. */
  isQuarterAtMost(at: number): boolean;
}

/**
 * Searches needles in every view of a text: as it is, percent-encoded, escaped, quoted, coloured, wrapped. Needles that
 * begin as they are, are found by the filter; one whose first bytes hold an escape, near that escape. Only there is
 * anything decoded, from the place where the needle begins, as far as it goes on: so what is found at a place does not
 * depend on how the text came in pieces.
 */
export function secretSearch(needles: readonly Buffer[]): SecretSearch {
  const table = needleTable(needles);
  if (table.count === 0) return nothingToFind;
  if (table.shortest < gramBytes) throw new RangeError('A needle needs four bytes.');
  const bytes = { known: new Uint8Array(256), first: new Uint8Array(256) };
  for (const needle of needles) {
    bytes.first[needle[0] ?? 0] = 1;
    for (const byte of needle) bytes.known[byte] = 1;
  }
  const filter = gramFilter(table);
  const tree = viewTree(bytes.known);
  const marks = new PlaceMarks();
  const mark = (at: number) => marks.mark(at);
  const escapes = new EscapeFinder(tree, filter, bytes, mark);
  const walk = new NeedleWalk(table, tree);
  return {
    longest: table.longest,
    look(text, before, final) {
      tree.plain.text = text;
      tree.plain.before = before;
      tree.plain.to = text.length;
      tree.plain.final = final;
      marks.clear(text.length);
      filter.findWindows(text, 0, text.length, mark);
      escapes.find();
    },
    next: (from) => marks.next(from),
    startAt: (at) => walk.startAt(at),
    isQuarterAtMost: (at) => walk.isQuarterAtMost(at),
  };
}

const nothingToFind: SecretSearch = {
  longest: 0,
  look: () => undefined,
  next: () => Number.MAX_SAFE_INTEGER,
  startAt: () => ({ whole: 0, open: false }),
  isQuarterAtMost: () => true,
};
