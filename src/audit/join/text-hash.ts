/** Two texts with equal hashes may differ, so whoever finds an entry by its hash compares the text. */
export const hashRange = 2 ** 52;

/** 52 bits of a text, as a number: enough to find entries on disk, and no digest. */
export function hashText(text: string): number {
  let low = lowSeed;
  let high = highSeed;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, lowFactor);
    high = Math.imul(high + code, highFactor) ^ (high >>> 13);
  }
  return combine(low, high);
}

/** The same of ASCII from `from` until before `to`, in lower case. */
export function hashLowerCase(bytes: Uint8Array, from: number, to: number): number {
  let low = lowSeed;
  let high = highSeed;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    const code = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
    low = Math.imul(low ^ code, lowFactor);
    high = Math.imul(high + code, highFactor) ^ (high >>> 13);
  }
  return combine(low, high);
}

/** What `hashText` says of these parts of a line, of ASCII, with a dash between each two. */
export function hashDashed(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, parts: readonly number[]): number {
  let low = lowSeed;
  let high = highSeed;
  for (let part = 0; part < parts.length; part += 1) {
    const from = starts[parts[part] ?? 0] ?? 0;
    const to = ends[parts[part] ?? 0] ?? 0;
    for (let at = part === 0 ? from : from - 1; at < to; at += 1) {
      const code = at < from ? dash : (bytes[at] ?? 0);
      low = Math.imul(low ^ code, lowFactor);
      high = Math.imul(high + code, highFactor) ^ (high >>> 13);
    }
  }
  return combine(low, high);
}

const dash = 0x2d;

const lowSeed = 0x811c9dc5;
const highSeed = 0x9e3779b1;
const lowFactor = 0x01000193;
const highFactor = 0x85ebca6b;

function combine(low: number, high: number): number {
  const mixedLow = low ^ (low >>> 15);
  const mixedHigh = high ^ (high >>> 16);
  return ((mixedHigh >>> 0) & 0xfffff) * 2 ** 32 + (mixedLow >>> 0);
}
