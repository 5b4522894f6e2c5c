/** Some of the numbers below a power of two, one bit each. */
export class BitSet {
  readonly bits: Uint8Array;

  constructor(size: number) {
    this.bits = new Uint8Array(size >>> 3);
  }

  add(index: number): void {
    const place = index >>> 3;
    this.bits[place] = (this.bits[place] ?? 0) | (1 << (index & 7));
  }

  has(index: number): boolean {
    return (((this.bits[index >>> 3] ?? 0) >>> (index & 7)) & 1) !== 0;
  }
}

/** What two bytes are in a set of 65,536. */
export function pairOf(first: number, second: number): number {
  return (first << 8) | second;
}
