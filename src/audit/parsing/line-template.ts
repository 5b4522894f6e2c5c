import type { FormTables } from './form-tables.ts';
import type { LineMemory } from './line-memory.ts';
import { createWordStore, wordStoreBytes } from './word-store.ts';

/** The end of the content that begins at `at` and differs from the one of the line before; -1 if it is none. */
export type EndOfContent = (bytes: Buffer, view: DataView, at: number, index: number) => number;

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

/** What the pieces of a template take, of a form with so many contents. */
export function templateBytes(count: number): number {
  return wordStoreBytes(count + 1, mostBytes);
}

/** A line within `memory` is compared by its kernel; `count`: of contents. */
export function createLineTemplate(
  count: number,
  tables: FormTables,
  endOf: EndOfContent,
  memory: LineMemory | null,
): LineTemplate {
  const { starts, ends, nexts, startsWithin, endsWithin, pieceCount, address } = tables;
  /** A piece is what comes before a content that differs each time, or before the end of the line. */
  const pieces = createWordStore(tables.pieces);
  const text = address === null ? null : (memory?.text ?? null);
  const matchesInMemory = memory?.matches ?? (() => 0);
  const changes = trackChanges(count);

  function hasPieces(bytes: Buffer, view: DataView, from: number, to: number): boolean {
    const pieceNumber = pieceCount[0] ?? 0;
    let at = from;
    let index = 0;
    for (let piece = 0; piece < pieceNumber; piece += 1) {
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
    return pieceNumber > 0 && at === to;
  }

  function take(view: DataView, from: number, to: number, hasChanged: (index: number) => boolean): void {
    changes.addLine();
    changes.note(hasChanged);
    pieceCount[0] = 0;
    if (to - from > mostBytes) return;
    let at = from;
    let taken = 0;
    for (let index = 0; index <= count; index += 1) {
      if (index < count && !changes.mayDiffer(index)) {
        startsWithin[index] = (starts[index] ?? 0) - at;
        endsWithin[index] = (ends[index] ?? 0) - at;
        continue;
      }
      pieces.keep(view, at, index === count ? to : (starts[index] ?? 0), taken);
      nexts[taken] = index;
      taken += 1;
      at = ends[index] ?? 0;
    }
    pieceCount[0] = taken;
  }

  return {
    matches(bytes, view, from, to) {
      const isSame = bytes === text ? matchesInMemory(address ?? 0, from, to) === 1 : hasPieces(bytes, view, from, to);
      if (isSame) changes.addLine();
      return isSame;
    },
    take,
    clear() {
      pieceCount[0] = 0;
    },
  };
}

/** Which contents differ from line to line: once in two lines that followed each other. */
function trackChanges(count: number) {
  const differs = new Uint8Array(count);
  const changedIn = new Float64Array(count).fill(-1);
  let line = 0;
  return {
    mayDiffer: (index: number) => differs[index] === 1,
    addLine() {
      line += 1;
    },
    /** For the line that was added last. */
    note(hasChanged: (index: number) => boolean) {
      for (let index = 0; index < count; index += 1) {
        if (!hasChanged(index)) continue;
        if (changedIn[index] === line - 1) differs[index] = 1;
        changedIn[index] = line;
      }
    },
  };
}
