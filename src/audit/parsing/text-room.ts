import type { LineMemory } from './line-memory.ts';

/** What reads words of several bytes may look beyond the last record. */
const spareBytes = 4_096;

/** Bytes from `at` on, of which at most `size` are used. */
interface TextPlace {
  readonly bytes: Buffer;
  readonly at: number;
  readonly size: number;
}

/** Room for one text at a time. It is used again, because memory outside of the heap is freed late. */
export interface TextRoom {
  /** Room for another text of so many bytes, and for what is looked at beyond them. What was there may be lost. */
  ofBytes(length: number): TextPlace;
  /** Room for more of the text in hand, of which so many bytes are there already, and stay. */
  moreFor(filled: number, length: number): TextPlace;
  /** Lets go of the memory of long texts. */
  letGo(): void;
}

/** `usual`: so many bytes are taken of `memory`, where lines are compared faster. Longer texts get memory of their own. */
export function createTextRoom(memory: LineMemory | null, usual: number): TextRoom {
  const taken = memory?.takeText(usual) ?? null;
  const shared: TextPlace | null =
    memory === null || taken === null ? null : { bytes: memory.text, at: taken, size: usual };
  const nothing: TextPlace = { bytes: Buffer.alloc(0), at: 0, size: 0 };
  let own = nothing;
  let current = nothing;
  const fits = ({ size }: TextPlace, length: number) => size >= length + spareBytes;

  function roomFor(length: number): TextPlace {
    if (shared !== null && fits(shared, length)) return shared;
    if (!fits(own, length)) {
      const bytes = Buffer.allocUnsafeSlow(Math.ceil(1.25 * length) + spareBytes);
      own = { bytes, at: 0, size: bytes.length };
    }
    return own;
  }

  return {
    ofBytes(length) {
      current = roomFor(length);
      return current;
    },
    moreFor(filled, length) {
      if (fits(current, length)) return current;
      const { bytes, at } = current;
      current = roomFor(length);
      bytes.copy(current.bytes, current.at, at, at + filled);
      return current;
    },
    letGo() {
      own = nothing;
      current = nothing;
    },
  };
}
