/** Some places of a text, in their order: one bit for each of its bytes. */
export class PlaceMarks {
  #given: Int32Array = new Int32Array(0);
  #own: Int32Array = new Int32Array(0);
  #bits = this.#own;
  #length = 0;
  /** No place before this one is marked. */
  #least = 0;

  /** Keeps them in these bits from the next text on, but for those of texts that have more bytes. */
  keepIn(bits: Int32Array): void {
    this.#given = bits;
  }

  /** Forgets all, for a text of this length. */
  clear(length: number): void {
    const words = (length + 31) >>> 5;
    if (this.#given.length < words && this.#own.length < words) this.#own = new Int32Array(words * 2);
    this.#bits = this.#given.length < words ? this.#own : this.#given;
    this.#bits.fill(0, 0, words);
    this.#length = length;
    this.#least = length;
  }

  mark(at: number): void {
    if (at < this.#least) this.#least = at;
    this.#bits[at >>> 5] = (this.#bits[at >>> 5] ?? 0) | (1 << (at & 31));
  }

  /** Places were marked in the bits of `keepIn`, none of them before this one. */
  notBefore(at: number): void {
    if (at < this.#least) this.#least = at;
  }

  /** The first marked place from `from` on; the text's length when there is none. */
  next(from: number): number {
    const first = Math.max(from, this.#least);
    if (first >= this.#length) return this.#length;
    let word = first >>> 5;
    let there = (this.#bits[word] ?? 0) & (-1 << (first & 31));
    const last = (this.#length - 1) >>> 5;
    while (there === 0 && word < last) there = this.#bits[(word += 1)] ?? 0;
    return there === 0 ? this.#length : Math.min(this.#length, word * 32 + 31 - Math.clz32(there & -there));
  }
}
