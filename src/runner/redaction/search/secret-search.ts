import { isUtf8 } from 'node:buffer';
import { BitSet, pairOf } from './bit-set.ts';
import { EscapeFinder } from './escape-finder.ts';
import { findAroundReports } from './find-around-reports.ts';
import { gramBytes, gramFilter } from './gram-filter.ts';
import { needleTable } from './needle-table.ts';
import { NeedleWalk, type OpenStart } from './needle-walk.ts';
import { PlaceMarks } from './place-marks.ts';
import { type FoundStart, RememberedStarts } from './remembered-starts.ts';
import { type ScanKernel, ScanMemory } from './scan-kernel.ts';
import { viewTree } from '../views/view-tree.ts';

/** Where needles stand in a text, in any view of it. Serves one text at a time, the one that `look` was called with. */
export interface SecretSearch {
  /** Length of the longest needle. A view may show it in a text several times as long. */
  readonly longest: number;
  /** How many steps it has walked: what it took to tell what begins where, apart from what was remembered. */
  readonly steps: number;
  /** Where a stream's chunks may be read to, with `headroomBytes` free before it: they need not be copied from there. */
  room(): Buffer;
  /** Looks over a text, `before` which these bytes came; `final` when the stream ends where it does. */
  look(text: Buffer, before: Buffer, final: boolean): void;
  /**
   * What begins at the first place from `from` on where a needle begins or may begin, told by the bytes from there on and a
   * dozen before; nothing, where the text ends, when there is none. Good until the next call.
   */
  next(from: number): FoundStart;
  /** What the last start that `next` returned leaves open, told by more than `rememberedBytes`. */
  leftOpen(): OpenStart;
  /**
   * Goes on with it at the beginning of a text that has more bytes, in place of `look`. Returns whether it is still open: then
   * nothing else need be looked at. Else the text is to be looked over.
   */
  staysOpen(start: OpenStart, text: Buffer, before: Buffer): boolean;
  /** Whether what begins at `at` and is still open has shown no more than a quarter of any needle. */
  isQuarterAtMost(at: number): boolean;
}

/** The kernel leaves the ends of a text to the plain search, which of a short one is all. */
const leastForKernel = 128;

/**
 * Searches needles in every view of a text: as it is, percent-encoded, escaped, quoted, coloured, wrapped. Needles that
 * begin as they are, are found by the filter; one whose first bytes hold an escape, near that escape. Only there is
 * anything decoded, from the place where the needle begins, as far as it goes on: so what is found at a place does not
 * depend on how the text came in pieces.
 * `plainNeedles`: found as they are and in no other view: bytes that are no text, and pieces of what repeats itself.
 * `memory`: what the kernel has, which takes the first look at long texts; without it the same is found, more slowly.
 */
export function secretSearch(
  needles: readonly Buffer[],
  plainNeedles: readonly Buffer[] = [],
  memory = new ScanMemory(),
): SecretSearch {
  const table = needleTable(needles, plainNeedles);
  if (table.count === 0) return nothingToFind(memory);
  if (table.shortest < gramBytes) throw new RangeError('A needle needs four bytes.');
  const filter = gramFilter(table);
  const bytes = {
    first: new Uint8Array(256),
    known: bytesOf(needles),
    pairs: new BitSet(65_536),
    beginnings: new BitSet(65_536),
  };
  for (const needle of plainNeedles) bytes.first[needle[0] ?? 0] = 1;
  for (const needle of needles) {
    bytes.first[needle[0] ?? 0] = 1;
    bytes.beginnings.add(pairOf(needle[0] ?? 0, needle[1] ?? 0));
    const most = Math.min(needle.length, filter.window);
    for (let at = 1; at < most; at += 1) bytes.pairs.add(pairOf(needle[at - 1] ?? 0, needle[at] ?? 0));
  }
  const tree = viewTree(bytes.known);
  const marks = new PlaceMarks();
  const reports = new PlaceMarks();
  const mark = (at: number) => marks.mark(at);
  const escapes = new EscapeFinder(tree, filter, bytes, mark);
  const walk = new NeedleWalk(table, tree);
  const starts = new RememberedStarts(walk, tree.plain, marks);
  // Made when there is a text for it: many a command prints next to nothing.
  let kernel: ScanKernel | null = null;
  return {
    room: () => memory.room(),
    longest: table.longest,
    get steps() {
      return walk.steps;
    },
    look(text, before, final) {
      take(text, before, final);
      if (kernel === null && text.length >= leastForKernel) {
        kernel = memory.kernel(filter, tree, bytes, marks, reports);
      }
      marks.clear(text.length);
      escapes.findEnd();
      if (kernel !== null && text.length >= leastForKernel && text.length <= kernel.capacity) {
        reports.clear(text.length);
        kernel.scan(text);
        findAroundReports(text, { reports, escapes });
      } else {
        filter.findWindows(text, mark);
        escapes.find();
      }
    },
    next: (from) => starts.next(from),
    leftOpen: () => walk.leftOpen(),
    staysOpen(start, text, before) {
      take(text, before, false);
      return walk.staysOpen(start);
    },
    isQuarterAtMost: (at) => walk.isQuarterAtMost(at),
  };

  function take(text: Buffer, before: Buffer, final: boolean): void {
    tree.plain.text = text;
    tree.plain.before = before;
    tree.plain.to = text.length;
    tree.plain.final = final;
    starts.look();
  }
}

/** Bytes written as numbers: their blanks and commas are nobody's to escape. */
const list = /^-?(?:0x)?[\dA-Fa-f]{1,3}(?:[,: -]+(?:0x)?[\dA-Fa-f]{1,3}){3,}$/;

function isText(needle: Buffer): boolean {
  return isUtf8(needle) && !needle.includes(0) && !list.test(needle.toString('latin1'));
}

/** 1 at each byte that is in a needle which is text: others are binary, and hold any. */
function bytesOf(needles: readonly Buffer[]): Uint8Array {
  const known = new Uint8Array(256);
  for (const needle of needles) {
    if (!isText(needle)) continue;
    // By number: an iterator is slow before it is compiled, and a key has 200 KB of needles.
    for (let at = 0; at < needle.length; at += 1) known[needle[at] ?? 0] = 1;
  }
  return known;
}

/** After the end of any text, nothing begins. */
export const nowhere: FoundStart = { at: Number.MAX_SAFE_INTEGER, whole: 0, open: false, last: 0 };

function nothingToFind(memory: ScanMemory): SecretSearch {
  return {
    longest: 0,
    steps: 0,
    room: () => memory.room(),
    look: () => undefined,
    next: () => nowhere,
    leftOpen: () => ({ ends: [] }),
    staysOpen: () => false,
    isQuarterAtMost: () => true,
  };
}
