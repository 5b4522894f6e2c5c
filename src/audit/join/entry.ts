/**
 * Where a job or a receipt is in its file, and when it counts: what is kept on disk of each, instead of the record itself.
 */
export interface Entry {
  /** `hashText` of the job's key, or of the request id. */
  readonly hash: number;
  /** Milliseconds, inclusive; for a receipt both are the time of the answer. NaN: a job that ran at no time. */
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly length: number;
  readonly block: number;
  /** Counted from 0 within the block. */
  readonly line: number;
  /** Whether further entries have the same hash. */
  readonly isShared: boolean;
}

export const entryBytes = 48;

const bytes = Buffer.allocUnsafeSlow(entryBytes);

/** The bytes are valid until the next call. */
export function encodeEntry(entry: Entry): Uint8Array {
  bytes.writeDoubleLE(entry.hash, 0);
  bytes.writeDoubleLE(entry.from, 8);
  bytes.writeDoubleLE(entry.to, 16);
  bytes.writeUIntLE(entry.offset, 24, 6);
  bytes.writeUInt16LE(entry.isShared ? 1 : 0, 30);
  bytes.writeUInt32LE(entry.length, 32);
  bytes.writeUInt32LE(entry.block, 36);
  bytes.writeUInt32LE(entry.line, 40);
  bytes.writeUInt32LE(0, 44);
  return bytes;
}

function decodeEntry(from: Buffer, at: number): Entry {
  return {
    hash: from.readDoubleLE(at),
    from: from.readDoubleLE(at + 8),
    to: from.readDoubleLE(at + 16),
    offset: from.readUIntLE(at + 24, 6),
    isShared: from.readUInt16LE(at + 30) === 1,
    length: from.readUInt32LE(at + 32),
    block: from.readUInt32LE(at + 36),
    line: from.readUInt32LE(at + 40),
  };
}

export function* decodeEntries(filed: Buffer): Generator<Entry> {
  for (let at = 0; at < filed.length; at += entryBytes) yield decodeEntry(filed, at);
}

/** Only the entries with this hash. */
export function findEntries(filed: Buffer, hash: number): Entry[] {
  const found: Entry[] = [];
  const hashes = new Float64Array(filed.buffer, filed.byteOffset, filed.length / 8);
  for (let at = 0; at < hashes.length; at += entryBytes / 8) {
    if (hashes[at] === hash) found.push(decodeEntry(filed, 8 * at));
  }
  return found;
}
