import { hash } from 'node:crypto';

/** 64 bits that stand for one state. */
export interface Fingerprint {
  readonly low: number;
  readonly high: number;
}

export function printOf(text: string): Fingerprint {
  const digest = hash('md5', text, 'buffer');
  return { low: digest.readInt32LE(0), high: digest.readInt32LE(4) };
}

const prints = new Map<string, Fingerprint>();
const mostPrints = 100_000;

/** The same, for texts that come again and again. */
export function knownPrintOf(text: string): Fingerprint {
  let found = prints.get(text);
  if (found !== undefined) return found;
  if (prints.size >= mostPrints) prints.clear();
  found = printOf(text);
  prints.set(text, found);
  return found;
}

/** Mixes whole numbers of 32 bits into a fingerprint: the order counts. Two lanes of MurmurHash3's rounds. */
export class Mixer {
  #low: number;
  #high: number;

  constructor(seed: number) {
    this.#low = seed;
    this.#high = ~seed;
  }

  add(number: number): void {
    const low = Math.imul(number, 0xcc9e_2d51);
    const high = Math.imul(number, 0x1b87_3593);
    this.#low = (Math.imul(rotated(this.#low ^ Math.imul(rotated(low, 15), 0x1b87_3593), 13), 5) + 0xe654_6b64) | 0;
    this.#high = (Math.imul(rotated(this.#high ^ Math.imul(rotated(high, 17), 0xcc9e_2d51), 19), 5) + 0x3855_4b6d) | 0;
  }

  end(): Fingerprint {
    const low = finished(this.#low ^ rotated(this.#high, 16));
    return { low: low >>> 0, high: finished(this.#high + low) >>> 0 };
  }
}

function rotated(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}

function finished(bits: number): number {
  const once = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2_ae35);
  return twice ^ (twice >>> 16);
}
