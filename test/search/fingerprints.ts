/** A set of fingerprints in one typed array: 8 bytes a state, open addressing. */
export class Fingerprints {
  readonly #slots: BigUint64Array;
  size = 0;

  constructor(most: number) {
    this.#slots = new BigUint64Array(2 ** Math.ceil(Math.log2(most * 2 + 2)));
  }

  /** Whether it was not there yet. `digest`: at least 8 bytes. */
  add(digest: Buffer): boolean {
    // Zero marks a free slot.
    const wanted = digest.readBigUInt64LE(0) || 1n;
    const mask = this.#slots.length - 1;
    for (let at = Number(wanted & BigInt(mask)); ; at = (at + 1) & mask) {
      if (this.#slots[at] === wanted) return false;
      if (this.#slots[at] !== 0n) continue;
      this.#slots[at] = wanted;
      this.size += 1;
      return true;
    }
  }
}
