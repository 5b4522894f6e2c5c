/** Two texts with equal hashes may differ, so whoever finds an entry by its hash compares the text. */
export const hashRange = 2 ** 52;

/** 52 bits of a text, as a number: enough to find entries on disk, and no digest. Four signs are mixed in at once. */
export function hashText(text: string): number {
  let low = lowSeed;
  let high = highSeed;
  const whole = text.length & ~3;
  let index = 0;
  for (; index < whole; index += 4) {
    const word =
      text.charCodeAt(index) |
      (text.charCodeAt(index + 1) << 8) |
      (text.charCodeAt(index + 2) << 16) |
      (text.charCodeAt(index + 3) << 24);
    low = mixLow(low, word);
    high = mixHigh(high, word);
  }
  if (index === text.length) return combine(low, high);
  let rest = 0;
  for (; index < text.length; index += 1) rest |= text.charCodeAt(index) << (8 * (index - whole));
  return combine(mixLow(low, rest), mixHigh(high, rest));
}

/** The same of ASCII from `from` until before `to`, in lower case. */
export function hashLowerCase(bytes: Uint8Array, from: number, to: number): number {
  let low = lowSeed;
  let high = highSeed;
  const whole = from + ((to - from) & ~3);
  let at = from;
  for (; at < whole; at += 4) {
    const word =
      (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    low = mixLow(low, lowerCase(word));
    high = mixHigh(high, lowerCase(word));
  }
  if (at === to) return combine(low, high);
  let rest = 0;
  for (; at < to; at += 1) rest |= (bytes[at] ?? 0) << (8 * (at - whole));
  return combine(mixLow(low, lowerCase(rest)), mixHigh(high, lowerCase(rest)));
}

/** What `hashText` says of these parts of a line, of ASCII, with a dash between each two. */
export function hashDashed(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, parts: readonly number[]): number {
  let low = lowSeed;
  let high = highSeed;
  let word = 0;
  let length = 0;
  for (let part = 0; part < parts.length; part += 1) {
    const from = starts[parts[part] ?? 0] ?? 0;
    const to = ends[parts[part] ?? 0] ?? 0;
    for (let at = part === 0 ? from : from - 1; at < to; at += 1) {
      word |= (at < from ? dash : (bytes[at] ?? 0)) << (8 * (length & 3));
      length += 1;
      if ((length & 3) !== 0) continue;
      low = mixLow(low, word);
      high = mixHigh(high, word);
      word = 0;
    }
  }
  return (length & 3) === 0 ? combine(low, high) : combine(mixLow(low, word), mixHigh(high, word));
}

const dash = 0x2d;

const lowSeed = 0x811c9dc5;
const highSeed = 0x9e3779b1;

function mixLow(low: number, word: number): number {
  const mixed = Math.imul(low ^ word, 0xcc9e2d51);
  return mixed ^ (mixed >>> 15);
}

function mixHigh(high: number, word: number): number {
  const mixed = Math.imul(high ^ word, 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

/** Of four signs of ASCII. The high bit of each byte says whether it is at least `A`, and whether it is beyond `Z`. */
function lowerCase(word: number): number {
  const capitals = (word + 0x3f3f3f3f) & ~(word + 0x25252525) & 0x80808080;
  return word | (capitals >>> 2);
}

function combine(low: number, high: number): number {
  return ((high >>> 0) & 0xfffff) * 2 ** 32 + (low >>> 0);
}
