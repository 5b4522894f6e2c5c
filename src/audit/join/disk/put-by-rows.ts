import type { BucketWriter } from './bucket-file.ts';

/** Rows that wait on disk for their window's turn. */
export interface PutByRows {
  /** `number`: of the row in its block. `likeness`: see `ReadRow`. The row is the bytes from `from` until before `to`. */
  add(window: number, row: PutByRow, bytes: Buffer, from: number, to: number): void;
}

interface PutByRow {
  readonly block: number;
  readonly number: number;
  readonly likeness: number;
}

/** Before the row: its length, block, number and likeness. */
const headBytes = 16;

export function createPutByRows(writer: BucketWriter): PutByRows {
  let record = Buffer.allocUnsafeSlow(1 << 12);
  return {
    add(window, { block, number, likeness }, bytes, from, to) {
      const length = headBytes + to - from;
      if (record.length < length) record = Buffer.allocUnsafeSlow(2 * length);
      record.writeUInt32LE(to - from, 0);
      record.writeUInt32LE(block, 4);
      record.writeUInt32LE(number, 8);
      record.writeUInt32LE(likeness, 12);
      bytes.copy(record, headBytes, from, to);
      writer.add(window, record, 0, length);
    },
  };
}

/** A row in a piece of bytes: from `from` until before `to`. */
export type VisitPutBy = (block: number, number: number, from: number, to: number) => void;

/**
 * Visits the rows from `first` until before `end`, rows of one likeness after each other: neighbours that agree in most are
 * read and graded in a fraction of the time.
 */
export function visitAlike(bytes: Buffer, first: number, end: number, visit: VisitPutBy): void {
  for (let at = first; at < end; ) {
    const places: number[] = [];
    for (; at < end && places.length < mostRows; at += headBytes + bytes.readUInt32LE(at)) places.push(at);
    const order = Float64Array.from(places, (place, index) => bytes.readUInt32LE(place + 12) * mostRows + index).sort();
    for (const key of order) {
      const place = places[key % mostRows] ?? 0;
      const from = place + headBytes;
      visit(bytes.readUInt32LE(place + 4), bytes.readUInt32LE(place + 8), from, from + bytes.readUInt32LE(place));
    }
  }
}

/** A likeness and the position of a row fit in one number. */
const mostRows = 2 ** 21;
