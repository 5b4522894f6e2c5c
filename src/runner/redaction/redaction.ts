import type { PatternIndex } from './pattern-index.ts';

/** What stands in place of a secret: the runners' own sign. */
const maskSign = Buffer.from('***');

/** How long a stream must be silent before a short beginning of a secret is let go, so that prompts appear. */
export const silenceMs = 200;

/** A held-back beginning of this many bytes or more is never let go by a timer. */
const neverReleased = 8;

/** One stream's redaction. Every buffer returned is good until the next call. */
export interface Redaction {
  /** Takes the next bytes; gives what may go on. */
  push(chunk: Buffer): Buffer;
  /** The stream has been silent: gives a held-back beginning that is short enough to be chance. */
  release(): Buffer;
  /** The stream has ended: gives the rest. */
  end(): Buffer;
  /** Bytes held back and not given yet. */
  held(): number;
}

/**
 * Replaces every occurrence of a pattern in a stream of bytes, wherever chunks part it. At each place the longest
 * pattern counts; occurrences that overlap become one mask; all other bytes pass unchanged. Only what may be the
 * beginning of a pattern is held back. Memory: one chunk and the longest pattern, however long the stream is.
 */
export function startRedaction(index: PatternIndex): Redaction {
  const tail = growing();
  const joined = growing();
  const output = growing();
  /** Bytes held back: the first `tailLength` of `tail`. */
  let tailLength = 0;
  /** How many of them need not be given any more: they are masked, or were let go by `release`. */
  let handled = 0;
  /** Whether `handled` ends inside a mask, so that what overlaps it needs none of its own. */
  let masked = false;

  return { push: (chunk) => advance(withTail(chunk), false), end: () => advance(held(), true), release, held: pending };

  /** Masks what is whole, gives what cannot belong to a pattern, and keeps the rest. */
  function advance(text: Buffer, final: boolean): Buffer {
    const given = output.atLeast(text.length + maskSign.length);
    let written = 0;
    let hold = text.length;
    let done = handled;
    for (let at = index.next(text, 0, text.length); at < text.length; at = index.next(text, at + 1, text.length)) {
      const { whole, open } = index.startAt(text, at, text.length);
      if (open && !final) {
        hold = at;
        break;
      }
      if (whole === 0 || at + whole <= done) continue;
      if (at >= done) {
        written += text.copy(given, written, done, at);
        masked = false;
      }
      if (!masked) written += maskSign.copy(given, written);
      masked = true;
      done = at + whole;
    }
    const unchanged = done === 0;
    if (!unchanged && hold > done) written += text.copy(given, written, done, hold);
    keep(text, hold, done);
    return unchanged ? text.subarray(0, hold) : given.subarray(0, written);
  }

  function release(): Buffer {
    const short = tailLength < neverReleased && pending() > 0;
    const pattern = short ? index.shortestBeyond(held(), 0, tailLength) : null;
    // At most a quarter of the shortest secret it may be: what is let go tells little, even when it was one.
    if (pattern === null || tailLength * 4 > pattern) return nothing;
    const given = held().subarray(handled);
    handled = tailLength;
    masked = false;
    return given;
  }

  /** Copied, since the chunk belongs to its reader, who fills it again. */
  function keep(text: Buffer, hold: number, done: number): void {
    handled = Math.max(done - hold, 0);
    masked &&= handled > 0;
    tailLength = text.copy(tail.atLeast(text.length - hold), 0, hold);
  }

  function withTail(chunk: Buffer): Buffer {
    if (tailLength === 0) return chunk;
    const both = joined.atLeast(tailLength + chunk.length);
    held().copy(both);
    chunk.copy(both, tailLength);
    return both.subarray(0, tailLength + chunk.length);
  }

  function held(): Buffer {
    return tail.atLeast(tailLength).subarray(0, tailLength);
  }

  function pending(): number {
    return tailLength - handled;
  }
}

const nothing = Buffer.alloc(0);

/** One buffer that is used again and again, and made anew only when more room is needed. */
function growing(): { atLeast(length: number): Buffer } {
  let buffer = nothing;
  return {
    atLeast(length) {
      if (buffer.length < length) buffer = Buffer.alloc(length * 2);
      return buffer;
    },
  };
}
