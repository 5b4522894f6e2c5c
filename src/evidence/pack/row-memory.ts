/** Rows that were handed over. */
export interface ReleasedRows {
  readonly bytes: Uint8Array;
  /** Called once, when nobody reads the bytes any more. */
  readonly giveBack: () => void;
}

/** Whole rows, after what opens their file. Positions are those of the memory. */
export interface RowMemory {
  /** Where the first row begins. */
  start(): number;
  end(): number;
  /** Bytes of rows. */
  length(): number;
  add(lines: Uint8Array): void;
  rows(from: number, to: number | undefined): Uint8Array;
  /** Where each row ends. */
  rowEnds(): readonly number[];
  whole(): Uint8Array;
  /** Hands over what is before `end`, and keeps the rows after it. */
  release(end: number): ReleasedRows;
}

const lineEnd = 0x0a;
const leastBytes = 1 << 14;
/** Memory of this size is used again: what is outside of the heap is freed late. */
const usualBytes = 3_000_000;
const mostSpare = 6;
const spare: Buffer[] = [];

export function createRowMemory(opening: Buffer): RowMemory {
  let memory: Buffer = Buffer.from(opening);
  let start = opening.length;
  let used = opening.length;
  return {
    start: () => start,
    end: () => used,
    length: () => used - start,
    add(lines) {
      if (memory.length < used + lines.length) {
        const more = take(Math.max(used + lines.length, 2 * memory.length));
        memory.copy(more, 0, 0, used);
        giveBack(memory);
        memory = more;
      }
      memory.set(lines, used);
      used += lines.length;
    },
    rows: (from, to) => memory.subarray(from, to),
    rowEnds() {
      const bytes = memory.subarray(0, used);
      const ends: number[] = [];
      for (let at = bytes.indexOf(lineEnd, start); at !== -1; at = bytes.indexOf(lineEnd, at + 1)) ends.push(at + 1);
      return ends;
    },
    whole: () => memory.subarray(0, used),
    release(end) {
      const released = memory;
      const bytes = released.subarray(0, end);
      // Of a file that has so many rows, as many will follow.
      memory = take(Math.max(used - end, usualBytes));
      released.copy(memory, 0, end, used);
      used -= end;
      start = 0;
      return { bytes, giveBack: () => giveBack(released) };
    },
  };
}

function take(length: number): Buffer {
  if (length <= usualBytes / 2) return Buffer.allocUnsafeSlow(Math.max(length, leastBytes));
  if (length > usualBytes) return Buffer.allocUnsafeSlow(length);
  return spare.pop() ?? Buffer.allocUnsafeSlow(usualBytes);
}

function giveBack(memory: Buffer): void {
  if (memory.length === usualBytes && spare.length < mostSpare) spare.push(memory);
}
