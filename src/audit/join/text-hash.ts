/** Two texts with equal hashes may differ, so whoever finds an entry by its hash compares the text. */
export const hashRange = 2 ** 52;

/** 52 bits of a text, as a number: enough to find entries on disk, and no digest. */
export function hashText(text: string): number {
  let low = 0x811c9dc5;
  let high = 0x9e3779b1;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high + code, 0x85ebca6b) ^ (high >>> 13);
  }
  low ^= low >>> 15;
  high ^= high >>> 16;
  return ((high >>> 0) & 0xfffff) * 2 ** 32 + (low >>> 0);
}
