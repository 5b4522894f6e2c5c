import { createWordStore } from './word-store.ts';

/** Where the contents of the line in hand begin and end, and what reads one that differs from the line before. */
export interface LineContents {
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The end of the content that begins at `at`; -1 if it is none. */
  readonly endOf: (bytes: Buffer, view: DataView, at: number, index: number) => number;
}

/**
 * The last line of a form, cut at the contents that differ from line to line. Most of a line is what the line before had, so
 * that a few pieces are compared instead of each text around each content.
 */
export interface LineTemplate {
  /** Whether the line has all pieces of the template; then its contents are where they are noted. */
  matches(bytes: Buffer, view: DataView, from: number, to: number): boolean;
  /** Takes a line of the form as template. `hasChanged`: whether it has another content there than the line before. */
  take(view: DataView, from: number, to: number, hasChanged: (index: number) => boolean): void;
  /** There is no template until the next line. */
  clear(): void;
}

/** Longer lines are no templates. */
const mostBytes = 8_192;

/** `count`: of contents. */
export function createLineTemplate(count: number, { starts, ends, endOf }: LineContents): LineTemplate {
  /** A piece is what comes before a content that differs each time, or before the end of the line. */
  const pieces = createWordStore(count + 1, mostBytes + 8 * (count + 1));
  /** The content after each piece; `count` after the last. */
  const nexts = new Int32Array(count + 1);
  /** Where the contents within a piece begin and end, counted from its start. */
  const startsWithin = new Int32Array(count);
  const endsWithin = new Int32Array(count);
  /** Contents that differed in two lines that followed each other. */
  const differs = new Uint8Array(count);
  const changedIn = new Float64Array(count).fill(-1);
  let line = 0;
  let pieceCount = 0;

  function noteChanges(hasChanged: (index: number) => boolean): void {
    for (let index = 0; index < count; index += 1) {
      if (!hasChanged(index)) continue;
      if (changedIn[index] === line - 1) differs[index] = 1;
      changedIn[index] = line;
    }
  }

  return {
    matches(bytes, view, from, to) {
      let at = from;
      let index = 0;
      for (let piece = 0; piece < pieceCount; piece += 1) {
        if (!pieces.isAt(view, at, piece)) return false;
        const next = nexts[piece] ?? 0;
        for (; index < next; index += 1) {
          starts[index] = at + (startsWithin[index] ?? 0);
          ends[index] = at + (endsWithin[index] ?? 0);
        }
        at += pieces.length(piece);
        if (next === count) break;
        starts[next] = at;
        at = endOf(bytes, view, at, next);
        if (at === -1 || at > to) return false;
        ends[next] = at;
        index = next + 1;
      }
      if (pieceCount === 0 || at !== to) return false;
      line += 1;
      return true;
    },
    take(view, from, to, hasChanged) {
      line += 1;
      noteChanges(hasChanged);
      pieceCount = 0;
      if (to - from > mostBytes) return;
      let at = from;
      for (let index = 0; index <= count; index += 1) {
        if (index < count && differs[index] === 0) {
          startsWithin[index] = (starts[index] ?? 0) - at;
          endsWithin[index] = (ends[index] ?? 0) - at;
          continue;
        }
        pieces.keep(view, at, index === count ? to : (starts[index] ?? 0), pieceCount);
        nexts[pieceCount] = index;
        pieceCount += 1;
        at = ends[index] ?? 0;
      }
    },
    clear() {
      pieceCount = 0;
    },
  };
}
