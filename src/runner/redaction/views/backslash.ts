import {
  afterNothing,
  again,
  asciiOf,
  beyond,
  character,
  digitOf,
  lengthOf,
  lengthSeen,
  mostNothings,
  nothing,
  octet,
  open,
  plainly,
  readDigits,
  seen,
  stretched,
  unclear,
  type Layer,
  type PlainBytes,
  type Unit,
  type View,
} from './view.ts';

const backslash = 0x5c;
const lineFeed = 0x0a;

/** As deep as a block of YAML is ever indented. */
const deepestIndent = 120;

/** What one letter behind a backslash stands for, in JSON, C, Python, Ruby, Perl, `$'…'` of shells. */
const letters = new Int16Array(128).fill(-1);
for (const [letter, control] of Object.entries({ a: 7, b: 8, e: 27, f: 12, n: 10, r: 13, s: 32, t: 9, v: 11 })) {
  letters[letter.charCodeAt(0)] = control;
}

/**
 * Escapes that begin with a backslash, as JSON, JavaScript, C#, Java (its property files too), Python, Go, Rust, Ruby,
 * Perl, PHP, C, MySQL and shells write them: letters, octal, `\xHH`, `\x{H…}`, `\uHHHH` (two of them for a character
 * beyond 0xFFFF), `\u{H…}`, `\UHHHHHHHH`, the end of a line that goes on, and any other character for itself.
 */
export const backslashes: View = {
  name: 'backslash escapes',
  triggers: '\\',
  decode(under, at, first) {
    const next = under.read(at + lengthOf(first));
    if (next < 0) return next === open ? open : first;
    const letter = asciiOf(next);
    const from = at + lengthOf(first) + lengthOf(next);
    const begun = from - at;
    if (letter === lineFeed || letter === 0x0d) return goesOn(under, at, from);
    if (letter === 0x78) return hexadecimal(under, at, from) || stretched(next, begun);
    if (letter === 0x75) return unicode(under, at, from, 4) || stretched(next, begun);
    if (letter === 0x55) return unicode(under, at, from, 8) || stretched(next, begun);
    if (letter >= 0x30 && letter <= 0x37) return octal(under, at, from - lengthOf(next));
    const control = letter < 0 ? -1 : (letters[letter] ?? -1);
    return control === -1 ? stretched(next, begun) : character(control, begun);
  },
  glance,
  glanceDeeper,
};

/** So many backslashes in a row stand for one in JSON in JSON in JSON. */
const thrice = 8;

function glance(stream: PlainBytes, at: number): number {
  const { text, to } = stream;
  if (at + 2 * thrice >= to) return unclear;
  const next = text[at + 1] ?? 0;
  // What more of them show to JSON in JSON is seen deeper.
  if (next === backslash) return isLongRun(text, at) ? seen(backslash, 2) | again : seen(backslash, 2);
  if (next === lineFeed || next === 0x0d) return glanceAtEnds(stream, at);
  if (!isSimple(next)) return glanceAtNumber(stream, at, next);
  const control = letters[next] ?? -1;
  // A line end that is escaped may break base64.
  if ((control === lineFeed || control === 0x0d) && stream.isWithinWord(at)) return unclear;
  return seen(control === -1 ? next : control, 2);
}

/** Lines that go on: what comes after them and the blanks that begin the next. */
function glanceAtEnds({ text, to }: PlainBytes, at: number): number {
  let place = at;
  for (let ends = 0; ends <= mostNothings; ends += 1) {
    const next = text[place + 1];
    if (text[place] !== backslash || (next !== lineFeed && next !== 0x0d)) {
      const after = text[place] ?? 0;
      return place >= to || after === backslash || after <= 0x20 ? unclear : seen(after, place + 1 - at) | afterNothing;
    }
    const most = Math.min(to, place + deepestIndent);
    place += 2;
    while (place < most && (text[place] === 0x20 || text[place] === 0x09 || text[place] === lineFeed)) place += 1;
  }
  return place < to ? beyond : unclear;
}

/** `\x41` and `\u0041`: what is ASCII is seen, and where no number stands, the letter. */
function glanceAtNumber({ text, to }: PlainBytes, at: number, letter: number): number {
  const length = letter === 0x78 ? 4 : 6;
  if ((letter !== 0x78 && letter !== 0x75) || at + length >= to) return unclear;
  let value = 0;
  for (let place = at + 2; place < at + length; place += 1) {
    const sign = text[place] ?? 0;
    const digit = digitOf(sign);
    const isLetter = digit > 15 && sign !== 0x7b && (letter === 0x75 || place === at + 2);
    if (digit > 15) return isLetter ? seen(letter, 2) : unclear;
    value = value * 16 + digit;
  }
  // A backslash or a line end may begin what is seen deeper.
  return value >= 0x80 || value === backslash || value < 0x20 ? unclear : seen(value, length);
}

/** Two backslashes and a letter are that letter's escape to JSON in JSON; so are three and a quote. */
function glanceDeeper(stream: PlainBytes, at: number): number {
  const { text } = stream;
  const run = backslashesAt(text, at);
  if (run === 1) return plainly;
  // What follows the backslash that more of them show depends on how often they are looked through.
  if (run > 3) return unclear;
  const next = text[at + run] ?? 0;
  if (!isSimple(next)) {
    const number = run === 2 ? glanceAtNumber(stream, at + 1, next) : unclear;
    return number === unclear ? unclear : seen(number & 0xff, lengthSeen(number) + 1);
  }
  const control = letters[next] ?? -1;
  return control === lineFeed || control === 0x0d ? unclear : seen(control === -1 ? next : control, run + 1);
}

/** Whether so many follow that each of two shown ones is a backslash, however often they are looked through. */
function isLongRun(text: Buffer, at: number): boolean {
  let place = at + 2 * thrice - 1;
  while (place > at && text[place] === backslash) place -= 1;
  return place === at;
}

/** At most four. */
function backslashesAt(text: Buffer, at: number): number {
  let run = 1;
  while (run < 4 && text[at + run] === backslash) run += 1;
  return run;
}

/** Whether an escape of this character is it and the backslash, with no number or line end. */
function isSimple(ascii: number): boolean {
  const isNumber = ascii === 0x78 || ascii === 0x75 || ascii === 0x55 || (ascii >= 0x30 && ascii <= 0x37);
  return !isNumber && ascii < 0x80 && ascii !== lineFeed && ascii !== 0x0d;
}

/** A backslash at the end of a line, with the blanks that begin the next: nothing. YAML, shells and C write it. */
function goesOn(under: Layer, at: number, from: number): Unit {
  let to = from;
  while (to - at < deepestIndent) {
    const unit = under.read(to);
    if (unit === open) return open;
    const ascii = asciiOf(unit);
    if (ascii !== 0x20 && ascii !== 0x09 && ascii !== lineFeed) break;
    to += lengthOf(unit);
  }
  return nothing(to - at);
}

/** Behind `\x`. 0 when no number stands there. */
function hexadecimal(under: Layer, at: number, from: number): Unit {
  const brace = under.read(from);
  if (brace === open) return open;
  if (asciiOf(brace) === 0x7b) return braced(under, at, from + lengthOf(brace));
  const { value, count, at: to } = readDigits(under, from, 16, 2);
  if (to === open) return open;
  return count === 0 ? 0 : byteOrCharacter(under, at, to, value);
}

/** Behind `\u` or `\U`. 0 when no number stands there. */
function unicode(under: Layer, at: number, from: number, digits: 4 | 8): Unit {
  const brace = under.read(from);
  if (brace === open) return open;
  if (asciiOf(brace) === 0x7b) return braced(under, at, from + lengthOf(brace));
  const { value, count, at: to } = readDigits(under, from, 16, digits);
  if (to === open) return open;
  if (count < digits || value > 0x10ffff) return 0;
  if (value < 0xd800 || value > 0xdbff) return character(value, to - at);
  // The first half of a character beyond 0xFFFF.
  const low = lowHalf(under, to);
  if (low === open) return open;
  if (low === 0) return character(value, to - at);
  const whole = 0x10000 + ((value - 0xd800) << 10) + ((low & 0x1fffff) - 0xdc00);
  return character(whole, to - at + lengthOf(low));
}

/** The second half of a surrogate pair, with its length; 0 for none. */
function lowHalf(under: Layer, from: number): Unit {
  const [first, next] = escapeHead(under, from);
  if (first === open || next === open) return open;
  if (asciiOf(next) !== 0x75) return 0;
  const digits = readDigits(under, from + lengthOf(first) + lengthOf(next), 16, 4);
  if (digits.at === open) return open;
  if (digits.count < 4 || digits.value < 0xdc00 || digits.value > 0xdfff) return 0;
  return character(digits.value, digits.at - from);
}

/** A backslash and what follows it; the second is -2 when there is no backslash. */
function escapeHead(under: Layer, at: number): readonly [Unit, Unit] {
  const first = under.read(at);
  if (asciiOf(first) !== backslash) return [first, -2];
  return [first, under.read(at + lengthOf(first))];
}

function braced(under: Layer, at: number, from: number): Unit {
  const { value, count, at: to } = readDigits(under, from, 16, 6);
  if (to === open) return open;
  const close = under.read(to);
  if (close === open) return open;
  if (count === 0 || value > 0x10ffff || asciiOf(close) !== 0x7d) return 0;
  return character(value, to + lengthOf(close) - at);
}

/** One to three octal digits, of which `from` is the first. */
function octal(under: Layer, at: number, from: number): Unit {
  const { value, at: to } = readDigits(under, from, 8, 3);
  return to === open ? open : byteOrCharacter(under, at, to, value & 0xff);
}

/**
 * `\xE4` is a character to JavaScript and Python's text, and a byte to Python's bytes, C and shells. It counts as a byte
 * when it takes part in a sequence of UTF-8 together with the escapes beside it: no text goes on with such a character.
 */
function byteOrCharacter(under: Layer, at: number, to: number, value: number): Unit {
  if (value < 0x80) return character(value, to - at);
  if (value < 0xc0) return octet(value, to - at);
  const [first, next] = escapeHead(under, to);
  if (first === open || next === open) return open;
  const letter = asciiOf(next);
  const isNumber = letter === 0x78 || (letter >= 0x30 && letter <= 0x37);
  if (!isNumber) return character(value, to - at);
  const digitsFrom = to + lengthOf(first) + (letter === 0x78 ? lengthOf(next) : 0);
  const following = readDigits(under, digitsFrom, letter === 0x78 ? 16 : 8, letter === 0x78 ? 2 : 3);
  if (following.at === open) return open;
  const goesOnAsUtf8 = value <= 0xf4 && following.value >= 0x80 && following.value < 0xc0;
  return goesOnAsUtf8 ? octet(value, to - at) : character(value, to - at);
}
