/**
 * What stands at one place of a stream, packed into one number so that reading a byte makes no object: bits 0 to 20 hold
 * the symbol (a code point, or a byte where bit 21 is set), bits 22 to 29 how many bytes of the stream it takes.
 */
export type Unit = number;

/** The text ends before it is clear what stands here; more is to come. */
export const open: Unit = -1;

/** The stream has ended. */
export const ended: Unit = -2;

const symbolMask = 0x1fffff;
const byteFlag = 0x200000;
const lengthShift = 22;

/** Not a code point: the unit stands for nothing at all, as a colour code does. */
const nothingSymbol = 0x1fffff;

/** A character that takes `length` bytes of the stream. */
export function character(codePoint: number, length: number): Unit {
  return codePoint | (length << lengthShift);
}

/** A byte that takes `length` bytes of the stream. Below 0x80 it is the character of that number. */
export function octet(value: number, length: number): Unit {
  return value < 0x80 ? character(value, length) : value | byteFlag | (length << lengthShift);
}

/** Bytes of the stream that stand for nothing. */
export function nothing(length: number): Unit {
  return character(nothingSymbol, length);
}

export function lengthOf(unit: Unit): number {
  return unit >> lengthShift;
}

/** The same symbol over another number of bytes. */
export function stretched(unit: Unit, length: number): Unit {
  return (unit & (symbolMask | byteFlag)) | (length << lengthShift);
}

export function isNothing(unit: Unit): boolean {
  return (unit & symbolMask) === nothingSymbol;
}

/** The ASCII character of a unit; -1 for anything else: escapes are written in ASCII alone. */
export function asciiOf(unit: Unit): number {
  const symbol = unit & (symbolMask | byteFlag);
  return unit >= 0 && symbol < 0x80 ? symbol : -1;
}

/** Writes the bytes of a unit, UTF-8 for a character, and returns how many there are. `into` needs room for four. */
export function writeBytes(unit: Unit, into: Uint8Array, at: number): number {
  const symbol = unit & symbolMask;
  if (symbol < 0x80 || (unit & byteFlag) !== 0) {
    into[at] = symbol;
    return 1;
  }
  if (symbol === nothingSymbol) return 0;
  const beyondTwo = symbol < 0x10000 ? 2 : 3;
  const extra = symbol < 0x800 ? 1 : beyondTwo;
  into[at] = ((0xff00 >> (extra + 1)) & 0xff) | (symbol >> (6 * extra));
  for (let left = extra; left > 0; left -= 1)
    into[at + 1 + extra - left] = 0x80 | ((symbol >> (6 * (left - 1))) & 0x3f);
  return 1 + extra;
}

/** A stream as it looks through some views: what stands at a place of it. */
export interface Layer {
  /** The unit at a place of the stream: `open` where that cannot be told yet, `ended` behind the last byte. */
  read(at: number): Unit;
  /** Whether no blank stands in the bytes of the stream before a place, a dozen and more: the end of a line there breaks a word. */
  isWithinWord(at: number): boolean;
}

/** The stream as it is, as far as it is at hand. */
export interface PlainBytes {
  readonly text: Buffer;
  /** Where the text ends. */
  readonly to: number;
  isWithinWord(at: number): boolean;
}

/** A stream that knows how far it was read. */
export interface GlancedBytes extends PlainBytes {
  furthest: number;
}

/** No more bytes tell an escape of one byte at a glance, or of one that is escaped itself. */
const glancedBytes = 8;

/** What a glance at the bytes cannot tell: `decode` must. */
export const unclear = -1;

/** At a glance, no escape stands there. */
export const plainly = -2;

/** At a glance, so much stands there that stands for nothing that no needle goes on after it. */
export const beyond = -3;

/** More units in a row that stand for nothing are no writer's colours or line ends, and end a match. */
export const mostNothings = 4;

/** At a glance, what stands there stands for nothing, and a byte comes after it. */
export const afterNothing = 0x100;

/** At a glance, what stands there takes so many bytes, with `afterNothing` the byte after it among them, and shows this one. */
export function seen(byte: number, length: number): number {
  return byte | (length << 9);
}

/** At a glance, the next byte is the same, however often the text is looked through. */
export const again = 1 << 28;

/** How many bytes it takes that was seen. */
export function lengthSeen(glance: number): number {
  return (glance & (again - 1)) >> 9;
}

/** One way to write text: what its escapes stand for. It decodes nothing but the place it is asked about. */
export interface View {
  readonly name: string;
  /** The ASCII characters that may begin an escape. */
  readonly triggers: string;
  /** Whether some of its writers leave such a character as it is where the value holds one: `new URL()` does a percent sign. */
  readonly leavesTriggers?: true;
  /**
   * What the escape at `at` stands for, whose first unit is `first`, read from `under`. Returns `first` where no escape
   * stands there, `open` where the text ends before that is clear.
   */
  decode(under: Layer, at: number, first: Unit): Unit;
  /**
   * The first byte that is shown at a place, told from the bytes of the stream alone: what is `seen` of an escape of one
   * byte, or, with `afterNothing`, the byte after it. Most escapes of a text stand for what no needle holds, and are left at that. Tells
   * `unclear` wherever it cannot be sure, or a view looked through this one may show something else.
   */
  glance(stream: PlainBytes, at: number): number;
  /** The same of the views looked through this one, where `glance` is clear and they show something else. */
  glanceDeeper?(stream: PlainBytes, at: number): number;
}

/** 1 at each byte that may begin an escape of a view. */
export function triggersOf(view: View): Uint8Array {
  const triggers = new Uint8Array(256);
  for (const trigger of view.triggers) triggers[trigger.charCodeAt(0)] = 1;
  return triggers;
}

/** A layer seen through a view. */
export function through(view: View, under: Layer): Layer {
  const triggers = triggersOf(view);
  return {
    read(at) {
      const first = under.read(at);
      const ascii = asciiOf(first);
      return ascii >= 0 && triggers[ascii] === 1 ? view.decode(under, at, first) : first;
    },
    isWithinWord: (at) => under.isWithinWord(at),
  };
}

/** The stream seen through a view: as `through`, but what a glance tells is not decoded. */
export function overPlain(view: View, plain: Layer & GlancedBytes): Layer {
  const triggers = triggersOf(view);
  return {
    read(at) {
      const byte = plain.text[at] ?? 0;
      if (at >= plain.to || triggers[byte] !== 1) return plain.read(at);
      if (at > plain.furthest) plain.furthest = at;
      const glance = view.glance(plain, at);
      if (glance >= 0 && (glance & (afterNothing | again)) === 0) {
        plain.furthest = Math.max(plain.furthest, Math.min(plain.to, at + glancedBytes) - 1);
        return octet(glance & 0xff, lengthSeen(glance));
      }
      return view.decode(plain, at, octet(byte, 1));
    },
    isWithinWord: (at) => plain.isWithinWord(at),
  };
}

/** A view looked through itself once and more: as `through`, but what a deeper glance tells is not decoded. */
export function throughItself(view: View, under: Layer, plain: GlancedBytes): Layer {
  const triggers = triggersOf(view);
  const decoded = through(view, under);
  return {
    read(at) {
      if (at >= plain.to || triggers[plain.text[at] ?? 0] !== 1) return under.read(at);
      const glance = view.glance(plain, at);
      const deeper = glance >= 0 && (glance & (afterNothing | again)) === 0 ? view.glanceDeeper?.(plain, at) : unclear;
      if (deeper === undefined || deeper < 0) return decoded.read(at);
      plain.furthest = Math.max(plain.furthest, Math.min(plain.to, at + glancedBytes) - 1);
      return octet(deeper & 0xff, lengthSeen(deeper));
    },
    isWithinWord: (at) => plain.isWithinWord(at),
  };
}

/** A number read from digits. */
export interface Digits {
  readonly value: number;
  readonly count: number;
  /** Where the digits end; or, when negative, `open`. */
  readonly at: number;
}

/** Made once: a number is read at every escape. */
const digits = { value: 0, count: 0, at: 0 };

/** Reads up to `most` digits of a base; fewer when others follow. What it returns is good until the next call. */
export function readDigits(under: Layer, from: number, base: 8 | 10 | 16, most: number): Digits {
  let at = from;
  let value = 0;
  let count = 0;
  for (; count < most; count += 1) {
    const unit = under.read(at);
    if (unit === open) {
      at = open;
      break;
    }
    const digit = digitOf(asciiOf(unit));
    if (digit >= base) break;
    value = value * base + digit;
    at += lengthOf(unit);
  }
  digits.value = value;
  digits.count = count;
  digits.at = at;
  return digits;
}

/** The value of a digit of base 16 or below; 99 for what is none. */
export function digitOf(ascii: number): number {
  if (ascii >= 0x30 && ascii <= 0x39) return ascii - 0x30;
  const letter = ascii | 0x20;
  return letter >= 0x61 && letter <= 0x66 && ascii > 0 ? letter - 0x57 : 99;
}
