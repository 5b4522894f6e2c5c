import type { LineMemory, TableRoom } from './line-memory.ts';

/**
 * What is known of the lines of a form, in one piece of memory, because `line-kernel.wat` reads and writes it, too. Each column
 * has a number for each content, or for each piece of the template.
 */
export interface FormTables {
  /** Where the contents of the line in hand begin and end. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** 1: it is a text; 0: it is a number. */
  readonly isText: Uint8Array;
  /** The bytes of the last contents, of which each has `wordsEach` words; the same as pairs of words. */
  readonly keptWords: Int32Array;
  readonly keptPairs: Float64Array;
  /** -1: it is too long to be kept. */
  readonly keptLengths: Int32Array;
  /** The number of its last change. */
  readonly changes: Float64Array;
  /** One number: how many changes there were. */
  readonly newest: Float64Array;
  /** One number: how many pieces the template has. */
  readonly pieceCount: Int32Array;
  /** The content after each piece; the number of contents after the last. */
  readonly nexts: Int32Array;
  /** Where the contents within a piece begin and end, counted from its start. */
  readonly startsWithin: Int32Array;
  readonly endsWithin: Int32Array;
  readonly pieces: WordTables;
  /** Where they are for the kernel; `null` if they are not in its memory. */
  readonly address: number | null;
}

/** The words of texts, and for each text its length and its first word. */
export interface WordTables {
  readonly pairs: Float64Array;
  readonly words: Int32Array;
  readonly lengths: Int32Array;
  readonly starts: Int32Array;
}

/** Of contents of neighbouring lines, which often agree, the last one of each is kept: of at most so many words of four bytes. */
export const wordsEach = 64;

/** Before the columns: two counts, the number of changes, and the addresses of columns, as the kernel reads them. */
const headBytes = 64;
/** What the kernel may read or write beyond a column. */
const spareBytes = 16;

/** `pieceBytes`: those of all pieces together. */
export function createFormTables(count: number, pieceBytes: number, memory: LineMemory | null): FormTables {
  const size = bytesOf(count, pieceBytes);
  const taken = memory?.takeTables(size) ?? null;
  const room = taken ?? { buffer: new ArrayBuffer(size), at: 0 };
  const column = columns(room);
  const head = new Int32Array(room.buffer, room.at, headBytes / 4);
  const pieces = count + 1;
  const words = column.of(pieceBytes);
  const tables = {
    nexts: column.words(pieces),
    pieces: {
      starts: column.words(pieces + 1),
      lengths: column.words(pieces),
      words: new Int32Array(room.buffer, words, pieceBytes >> 2),
      pairs: new Float64Array(room.buffer, words, pieceBytes >> 3),
    },
    startsWithin: column.words(count),
    endsWithin: column.words(count),
    starts: column.words(count),
    ends: column.words(count),
    isText: new Uint8Array(room.buffer, column.of(count), count),
    keptLengths: column.words(count).fill(-1),
    ...kept(room.buffer, column.of(count * wordsEach * 4), count),
    changes: new Float64Array(room.buffer, column.of(count * 8), count),
  };
  head[1] = count;
  const addresses = [
    tables.nexts,
    tables.pieces.starts,
    tables.pieces.lengths,
    tables.pieces.words,
    tables.startsWithin,
    tables.endsWithin,
    tables.starts,
    tables.ends,
    tables.isText,
    tables.keptLengths,
    tables.keptWords,
    tables.changes,
  ];
  for (const [index, { byteOffset }] of addresses.entries()) head[4 + index] = byteOffset;
  return {
    ...tables,
    pieceCount: head.subarray(0, 1),
    newest: new Float64Array(room.buffer, room.at + 8, 1),
    address: taken?.at ?? null,
  };
}

function kept(buffer: ArrayBuffer, at: number, count: number) {
  return {
    keptWords: new Int32Array(buffer, at, count * wordsEach),
    keptPairs: new Float64Array(buffer, at, (count * wordsEach) / 2),
  };
}

/** Lays columns out, one after the other, each at a multiple of sixteen bytes. */
function columns({ buffer, at }: TableRoom) {
  let next = at + headBytes;
  const of = (bytes: number): number => {
    const from = next;
    next += widthOf(bytes);
    return from;
  };
  return { of, words: (count: number) => new Int32Array(buffer, of(count * 4), count) };
}

function widthOf(bytes: number): number {
  return ((bytes + 15) & ~15) + spareBytes;
}

function bytesOf(count: number, pieceBytes: number): number {
  const pieces = count + 1;
  const columnsOfPieces = 2 * widthOf(pieces * 4) + widthOf((pieces + 1) * 4) + widthOf(pieceBytes);
  const columnsOfContents =
    5 * widthOf(count * 4) + widthOf(count) + widthOf(count * wordsEach * 4) + widthOf(count * 8);
  return headBytes + columnsOfPieces + columnsOfContents;
}
