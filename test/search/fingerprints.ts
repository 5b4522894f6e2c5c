import type { Fingerprint } from './fingerprint.ts';
import type { Bounds } from './node.ts';

/** A set of fingerprints in one typed array: 64 bits a state, open addressing. */
export class Fingerprints {
  readonly #slots: Uint32Array;
  readonly #mask: number;
  readonly #bounds: Bounds;
  size = 0;

  /** `most`: how many it must hold. `bounds`: how much trouble there is at most. */
  constructor(most: number, bounds: Bounds) {
    const slots = 2 ** Math.ceil(Math.log2(most * 1.4 + 2));
    this.#slots = new Uint32Array(slots * 2);
    this.#mask = slots - 1;
    this.#bounds = bounds;
  }

  /**
   * Whether a state was met with at least as much trouble left: all that can follow was, or will be, seen there.
   */
  isKnown(print: Fingerprint, left: Bounds): boolean {
    return this.#isDominated(print, left);
  }

  /** Adds a state, with the trouble that is left. Returns whether it was not known yet. */
  add(print: Fingerprint, left: Bounds): boolean {
    if (this.#isDominated(print, left)) return false;
    const { place, low, high } = this.#find(print, left.losses, left.crashes, left.foreign);
    this.#slots[place] = low;
    this.#slots[place + 1] = high;
    this.size += 1;
    return true;
  }

  #isDominated(print: Fingerprint, left: Bounds): boolean {
    for (let { losses } = left; losses <= this.#bounds.losses; losses += 1)
      for (let { crashes } = left; crashes <= this.#bounds.crashes; crashes += 1)
        for (let { foreign } = left; foreign <= this.#bounds.foreign; foreign += 1)
          if (this.#slots[this.#find(print, losses, crashes, foreign).place + 1] !== 0) return true;
    return false;
  }

  /** The place of a state, or the free one where it belongs. */
  #find(print: Fingerprint, losses: number, crashes: number, foreign: number) {
    const left = 1 + losses + 8 * crashes + 64 * foreign;
    const low = (print.low ^ Math.imul(left, 0x9e37_79b1)) >>> 0;
    // Two zeros mark a free slot.
    const wanted = (print.high ^ Math.imul(left, 0x85eb_ca6b)) >>> 0 || 1;
    let at = (low ^ (wanted >>> 7)) & this.#mask;
    while (this.#slots[at * 2 + 1] !== 0 && !(this.#slots[at * 2] === low && this.#slots[at * 2 + 1] === wanted))
      at = (at + 1) & this.#mask;
    return { place: at * 2, low, high: wanted };
  }
}
