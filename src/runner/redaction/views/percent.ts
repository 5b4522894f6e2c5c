import {
  asciiOf,
  octet,
  character,
  digitOf,
  lengthOf,
  nothing,
  open,
  plainly,
  readDigits,
  seen,
  unclear,
  type Layer,
  type PlainBytes,
  type Unit,
  type View,
} from './view.ts';

const percentSign = 0x25;
const letterU = 0x75;

/** `%2B`, in either case of its digits, beside bytes that are not encoded: any URL encoder's choice of which to encode. */
export const percent: View = {
  name: 'percent-encoding',
  triggers: '%',
  leavesTriggers: true,
  decode: decodePercent,
  glance: glanceAtDigits,
  glanceDeeper,
};

/** Percent-encoding of HTML forms, where a blank is a plus sign. */
export const form: View = {
  name: 'form encoding',
  triggers: '%+',
  decode: (under, at, first) =>
    asciiOf(first) === 0x2b ? character(0x20, lengthOf(first)) : decodePercent(under, at, first),
  glance: (stream, at) => (stream.text[at] === 0x2b ? seen(0x20, 1) : glanceAtDigits(stream, at)),
};

/** `=3D` of quoted-printable, and its `=` at the end of a line that goes on. */
export const quotedPrintable: View = {
  name: 'quoted-printable',
  triggers: '=',
  decode(under, at, first) {
    const next = under.read(at + lengthOf(first));
    const ascii = asciiOf(next);
    if (next === open) return open;
    if (ascii !== 0x0a && ascii !== 0x0d) return decodeDigits(under, at, first);
    const length = lengthOf(first) + lengthOf(next);
    if (ascii === 0x0a) return nothing(length);
    const last = under.read(at + length);
    if (last === open) return open;
    return asciiOf(last) === 0x0a ? nothing(length + lengthOf(last)) : first;
  },
  glance(stream, at) {
    const next = stream.text[at + 1] ?? 0x0a;
    if (next === 0x0a || next === 0x0d || at + 2 >= stream.to) return unclear;
    const value = digitsAt(stream.text, at + 1);
    return value < 0 ? plainly : seen(value, 3);
  },
};

function glanceAtDigits(stream: PlainBytes, at: number): number {
  const { text, to } = stream;
  if (at + 5 >= to) return unclear;
  if (text[at + 1] === letterU) return unclear;
  const value = digitsAt(text, at + 1);
  if (value < 0) return plainly;
  return value < 0xc0 || isGoingOn(text, at + 3) ? seen(value, 3) : unclear;
}

/** `%252B`: the percent sign of `%25` begins an escape again where two digits follow. */
function glanceDeeper({ text, to }: PlainBytes, at: number): number {
  if (text[at + 1] !== 0x32 || text[at + 2] !== 0x35) return plainly;
  if (at + 5 >= to) return unclear;
  const next = text[at + 3] ?? 0;
  // A digit may be encoded itself.
  if (next === percentSign) return text[at + 4] === 0x32 ? plainly : unclear;
  if (next === letterU) return unclear;
  if (digitOf(next) > 15) return plainly;
  if (text[at + 4] === percentSign) return unclear;
  const value = digitsAt(text, at + 3);
  if (value < 0) return plainly;
  return value < 0xc0 ? seen(value, 5) : unclear;
}

/** The number of two digits; negative for anything else. */
function digitsAt(text: Buffer, at: number): number {
  const upper = digitOf(text[at] ?? 0);
  const lower = digitOf(text[at + 1] ?? 0);
  return upper > 15 || lower > 15 ? -1 : upper * 16 + lower;
}

/** Whether an escape is there whose byte goes on with a character of UTF-8. */
function isGoingOn(text: Buffer, at: number): boolean {
  const value = text[at] === percentSign ? digitsAt(text, at + 1) : -1;
  return value >= 0x80 && value < 0xc0;
}

function decodePercent(under: Layer, at: number, first: Unit): Unit {
  const from = at + lengthOf(first);
  const letter = under.read(from);
  if (letter === open) return open;
  if (asciiOf(letter) === letterU) return codeUnit(under, at, from + lengthOf(letter)) || first;
  const shown = decodeDigits(under, at, first);
  if (shown === open || shown === first) return shown;
  return isLead(shown) ? byteOrCharacter(under, at + lengthOf(shown), shown) : shown;
}

/** A percent sign, or what is one in another writing, and two digits. */
function decodeDigits(under: Layer, at: number, first: Unit): Unit {
  const digits = readDigits(under, at + lengthOf(first), 16, 2);
  if (digits.at === open) return open;
  return digits.count < 2 ? first : octet(digits.value, digits.at - at);
}

/** Behind `%u` of JavaScript's `escape()`: half of a character beyond 0xFFFF too. 0 when no number stands there. */
function codeUnit(under: Layer, at: number, from: number): Unit {
  const { value, count, at: to } = readDigits(under, from, 16, 4);
  if (to === open) return open;
  if (count < 4) return 0;
  if (value < 0xd800 || value > 0xdbff) return character(value, to - at);
  const sign = under.read(to);
  if (sign === open) return open;
  const letter = asciiOf(sign) === percentSign ? under.read(to + lengthOf(sign)) : 0;
  if (letter === open) return open;
  if (asciiOf(sign) !== percentSign || asciiOf(letter) !== letterU) return character(value, to - at);
  const low = readDigits(under, to + lengthOf(sign) + lengthOf(letter), 16, 4);
  if (low.at === open) return open;
  if (low.count < 4 || low.value < 0xdc00 || low.value > 0xdfff) return character(value, to - at);
  return character(0x10000 + ((value - 0xd800) << 10) + (low.value - 0xdc00), low.at - at);
}

/**
 * `%E4` is a byte of UTF-8 to every URL, and a character to `escape()` and to forms of pages in Latin-1. It counts as a
 * byte when an escape comes after it that goes on with a character of UTF-8: no text goes on with such a character.
 */
function byteOrCharacter(under: Layer, to: number, shown: Unit): Unit {
  const asCharacter = character(shown & 0xff, lengthOf(shown));
  const sign = under.read(to);
  if (sign === open) return open;
  if (asciiOf(sign) !== percentSign) return asCharacter;
  const next = decodeDigits(under, to, sign);
  if (next === open) return open;
  return next !== sign && (next & 0xff) >= 0x80 && (next & 0xff) < 0xc0 ? shown : asCharacter;
}

/** Whether a byte begins a character of UTF-8. */
function isLead(shown: Unit): boolean {
  return asciiOf(shown) < 0 && (shown & 0xff) >= 0xc0;
}
