import type { OpenStart } from './search/needle-walk.ts';
import { headroomBytes } from './search/reading-room.ts';
import { rememberedBytes } from './search/remembered-starts.ts';
import { nowhere, type SecretSearch } from './search/secret-search.ts';

/** What stands in place of a secret: the runners' own sign. */
const maskSign = Buffer.from('***');

/** How long a stream must be silent before a short beginning of a secret is let go, so that prompts appear. */
export const silenceMs = 200;

/** A held-back beginning of this many bytes or more is never let go by a timer. */
const neverReleased = 8;

/** How many bytes before a place a view may look at. */
const lookBackBytes = 16;

/** So many are copied sooner one by one than by a call. */
const fewBytes = 16;

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const nothing = Buffer.alloc(0);

/** One stream's redaction. Every buffer returned is good until the next call. */
export interface Redaction {
  /** Where the next chunk may be read to, so that it need not be copied. */
  room(): Buffer;
  /**
   * Takes the next bytes; returns what may go on. Of a chunk that fills the room, it returns no more bytes than that has,
   * which a pipe takes at once; the rest goes on with the next one, which may be empty.
   */
  push(chunk: Buffer): Buffer;
  /** The stream has been silent: returns a held-back beginning that is short enough to be chance. */
  release(): Buffer;
  /** The stream has ended: returns the rest. */
  end(): Buffer;
  /** Bytes held back and not returned yet. */
  held(): number;
}

/**
 * Replaces every occurrence of a needle in a stream of bytes, in any view of it and wherever chunks part it. At each
 * place the longest counts; occurrences that overlap become one mask on each of their lines; line ends and all other
 * bytes pass unchanged. Only what may be the beginning of a needle is held back. Memory: one chunk and the longest needle
 * as a view shows it, however long the stream is.
 * `found`: is called with where each ends that was found, counted from the beginning of the stream.
 */
export function startRedaction(search: SecretSearch, found?: (to: number) => void): Redaction {
  return new StreamRedaction(search, found);
}

class StreamRedaction implements Redaction {
  readonly #search: SecretSearch;
  readonly #found: ((to: number) => void) | undefined;
  readonly #tail = new GrowingBuffer();
  readonly #joined = new GrowingBuffer();
  readonly #output = new GrowingBuffer();
  /** The bytes of the stream before those held back. */
  readonly #before = Buffer.alloc(lookBackBytes);
  /** How many bytes of the stream come before those held back. */
  #passed = 0;
  /** Bytes held back: the first so many of `#tail`. */
  #tailLength = 0;
  /** How many of them need not be given any more: they are masked, or were let go. */
  #handled = 0;
  /** Whether `#handled` ends inside a mask, so that what overlaps it needs none of its own. */
  #masked = false;
  /** How much of `#output` is written. */
  #written = 0;
  /** What is known of the start that is held back, where that takes long to tell again. */
  #open: OpenStart | null = null;
  #room: Buffer | null = null;

  constructor(search: SecretSearch, found: ((to: number) => void) | undefined) {
    this.#search = search;
    this.#found = found;
  }

  room(): Buffer {
    return (this.#room ??= this.#search.room());
  }

  push(chunk: Buffer): Buffer {
    const isFull = chunk.length === this.#room?.length;
    return this.#advance(this.#withTail(chunk), false, isFull ? chunk.length : Number.MAX_SAFE_INTEGER);
  }

  end(): Buffer {
    return this.#advance(this.#heldBytes(), true, Number.MAX_SAFE_INTEGER);
  }

  held(): number {
    return this.#tailLength - this.#handled;
  }

  release(): Buffer {
    if (this.#tailLength >= neverReleased || this.held() === 0) return nothing;
    const text = this.#heldBytes();
    const search = this.#search;
    search.look(text, this.#before, false);
    // At most a quarter of any secret that may have begun: what is let go tells little, even when it was one.
    for (let { at } = search.next(0); at < text.length; { at } = search.next(at + 1)) {
      if (!search.isQuarterAtMost(at)) return nothing;
    }
    const given = text.subarray(this.#handled);
    this.#handled = this.#tailLength;
    this.#masked = false;
    return given;
  }

  /** Masks what is whole, returns what cannot belong to a needle, `most` bytes where nothing is masked, and keeps the rest. */
  #advance(text: Buffer, final: boolean, most: number): Buffer {
    const search = this.#search;
    const from = this.#handled;
    let hold = text.length;
    let done = from;
    // Where the mask that goes on to `done` begins: what overlaps makes it longer, and it is written when it ends.
    let maskFrom = done;
    let isChanged = false;
    const isStillOpen = this.#isStillOpen(text, final);
    if (isStillOpen) hold = 0;
    for (
      let start = isStillOpen ? nowhere : search.next(0);
      start.at < text.length;
      start = search.next(start.last + 1)
    ) {
      const { at, whole, open } = start;
      if (open) {
        hold = at;
        break;
      }
      if (at + whole <= done) continue;
      if (!isChanged) this.#startOutput(text.length);
      isChanged = true;
      if (at >= done) {
        if (maskFrom < done) this.#mask(text, maskFrom, done);
        this.#copy(text, done, at);
        maskFrom = at;
      }
      done = at + whole;
      this.#found?.(this.#passed + done);
    }
    if (maskFrom < done) this.#mask(text, maskFrom, done);
    let to = Math.max(done, endOfLines(text, Math.max(done, hold)));
    // As if the chunk had ended there.
    const isCut = !isChanged && to - from > most;
    if (isCut) to = hold = from + most;
    if (!isStillOpen) this.#leaveOpen(isCut ? 0 : text.length - hold);
    if (isChanged && to > done) this.#copy(text, done, to);
    if (to > done) this.#masked = false;
    this.#keep(text, hold, to);
    return isChanged ? this.#output.atLeast(0).subarray(0, this.#written) : text.subarray(from, to);
  }

  /** Whether what is held back still waits for the same start; if not, looks over the text. */
  #isStillOpen(text: Buffer, final: boolean): boolean {
    if (!final && this.#open !== null && this.#search.staysOpen(this.#open, text, this.#before)) return true;
    this.#search.look(text, this.#before, final);
    return false;
  }

  /** Keeps what the start leaves open that so many bytes are held back for; few are looked over again sooner. */
  #leaveOpen(heldBytes: number): void {
    this.#open = heldBytes > rememberedBytes ? this.#search.leftOpen() : null;
  }

  #startOutput(length: number): void {
    // A line of one byte, its end kept, becomes twice as long.
    this.#output.atLeast(length * 2 + maskSign.length);
    this.#written = 0;
  }

  #copy(text: Buffer, from: number, to: number): void {
    const output = this.#output.atLeast(0);
    if (to - from > fewBytes) this.#written += text.copy(output, this.#written, from, to);
    else for (let at = from; at < to; at += 1) output[this.#written++] = text[at] ?? 0;
    this.#masked = false;
  }

  /** Masks bytes but the line ends among them: a log keeps its rows. */
  #mask(text: Buffer, from: number, to: number): void {
    for (let at = from; at < to; ) {
      // Byte by byte: what is masked is short, and a call would search the whole text.
      let feed = at;
      while (feed < to && text[feed] !== lineFeed) feed += 1;
      const end = feed < to && feed > at && text[feed - 1] === carriageReturn ? feed - 1 : feed;
      if (end > at && !this.#masked) this.#copy(maskSign, 0, maskSign.length);
      this.#masked ||= end > at;
      if (feed < to) this.#copy(text, end, feed + 1);
      at = feed + 1;
    }
  }

  /** Copied, since the chunk belongs to its reader, who fills it again. */
  #keep(text: Buffer, hold: number, done: number): void {
    if (hold < lookBackBytes) this.#before.copyWithin(0, hold);
    text.copy(this.#before, Math.max(0, lookBackBytes - hold), Math.max(0, hold - lookBackBytes), hold);
    this.#passed += hold;
    this.#handled = done - hold;
    this.#tailLength = text.copy(this.#tail.atLeast(text.length - hold), 0, hold);
  }

  #withTail(chunk: Buffer): Buffer {
    if (this.#tailLength === 0) return chunk;
    const length = this.#tailLength + chunk.length;
    const { buffer, byteOffset } = chunk;
    if (buffer === this.#room?.buffer && byteOffset === this.#room.byteOffset && this.#tailLength <= headroomBytes) {
      const joined = Buffer.from(buffer, byteOffset - this.#tailLength, length);
      this.#heldBytes().copy(joined);
      return joined;
    }
    const both = this.#joined.atLeast(length);
    this.#heldBytes().copy(both);
    chunk.copy(both, this.#tailLength);
    return both.subarray(0, length);
  }

  #heldBytes(): Buffer {
    return this.#tail.atLeast(0).subarray(0, this.#tailLength);
  }
}

/** Where the line ends that stand at a place end: no mask takes them, so that they need not wait. */
function endOfLines(text: Buffer, from: number): number {
  for (let at = from; ; ) {
    if (text[at] === lineFeed) at += 1;
    else if (text[at] === carriageReturn && text[at + 1] === lineFeed) at += 2;
    else return at;
  }
}

/** One buffer that is used again and again, and made anew only when more room is needed; what was in it is kept. */
class GrowingBuffer {
  #buffer: Buffer = nothing;

  atLeast(length: number): Buffer {
    if (this.#buffer.length >= length) return this.#buffer;
    const larger = Buffer.alloc(length * 2);
    this.#buffer.copy(larger);
    this.#buffer = larger;
    return larger;
  }
}
