import { copyWords } from './byte-words.ts';

/** Makes texts of bytes. A text that repeats is made once, so that it is found in a map without reading it again. */
export interface KnownTexts {
  /** Of the printable ASCII from `from` until before `to`. */
  textOf(buffer: Buffer, bytes: DataView, from: number, to: number): string;
  /** Whether the last text was known. */
  readonly wasKnown: boolean;
}

/** A power of two. Of several texts with one hash only two are kept, so memory is bounded. */
const slots = 1 << 13;
/** Longer texts are made each time. */
const mostBytes = 128;

export function createKnownTexts(): KnownTexts {
  const texts = Array.from({ length: slots }, () => '');
  const copies = new DataView(new ArrayBuffer(slots * mostBytes));
  let wasKnown = false;

  function isAt(slot: number, bytes: DataView, from: number, length: number): boolean {
    return texts[slot]?.length === length && countSame(copies, slot * mostBytes, length, bytes, from) === length;
  }

  return {
    get wasKnown() {
      return wasKnown;
    },
    textOf(buffer, bytes, from, to) {
      const length = to - from;
      wasKnown = false;
      if (length === 0) return '';
      if (length > mostBytes) return buffer.toString('latin1', from, to);
      const first = hashBytes(bytes, from, to) & (slots - 1);
      const second = first ^ 1;
      const slot = isAt(first, bytes, from, length) ? first : second;
      wasKnown = slot === first || isAt(second, bytes, from, length);
      if (wasKnown) return texts[slot] ?? '';
      const free = texts[first] === '' ? first : second;
      const text = buffer.toString('latin1', from, to);
      texts[free] = text;
      // Lines are followed by other bytes, and a slot is a whole number of words.
      copyWords(bytes, from, to, copies, free * mostBytes);
      return text;
    },
  };
}

/** How many of `length` known bytes from `start` on are those from `at` on. Four are compared at once. */
function countSame(known: DataView, start: number, length: number, bytes: DataView, at: number): number {
  const most = Math.min(length, bytes.byteLength - at);
  let same = 0;
  while (same + 4 <= most && known.getInt32(start + same, true) === bytes.getInt32(at + same, true)) same += 4;
  while (same < most && known.getUint8(start + same) === bytes.getUint8(at + same)) same += 1;
  return same;
}

function hashBytes(bytes: DataView, from: number, to: number): number {
  let hash = to - from;
  let at = from;
  for (; at + 4 <= to; at += 4) hash = Math.imul(hash ^ bytes.getInt32(at, true), 0x9e3779b1) ^ (hash >>> 15);
  for (; at < to; at += 1) hash = Math.imul(hash ^ bytes.getUint8(at), 0x9e3779b1);
  return hash ^ (hash >>> 13);
}
