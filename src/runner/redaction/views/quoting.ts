import {
  asciiOf,
  character,
  lengthOf,
  open,
  plainly,
  seen,
  stretched,
  unclear,
  type Layer,
  type PlainBytes,
  type Unit,
  type View,
} from './view.ts';

/** A single quote twice inside single quotes: SQL, YAML, PowerShell. */
export const singleQuotes: View = {
  name: 'single quotes',
  triggers: "'",
  decode: (under, at, first) => firstOf(under, at, first, ["''"]),
  glance: glanceAtDouble,
};

/**
 * A single quote inside single quotes of a shell: closed, written, and opened again. `'\''`, `'"'"'`, and of several in a
 * row dash's `'"'''"'`, whose first three characters are the first quote and whose last three the last one.
 */
export const shellQuotes: View = {
  name: 'shell quotes',
  triggers: "'",
  decode: (under, at, first) => firstOf(under, at, first, ["'\\''", `'"'"'`, `'"'`]),
  glance({ text, to }, at) {
    if (at + 1 >= to) return unclear;
    const next = text[at + 1];
    return next === 0x5c || next === 0x22 ? unclear : plainly;
  },
};

/** A double quote twice: CSV, SQL names, VB and cmd. */
export const doubleQuotes: View = {
  name: 'doubled double quotes',
  triggers: '"',
  decode: (under, at, first) => firstOf(under, at, first, ['""']),
  glance: glanceAtDouble,
};

/** `$$` of make and of docker compose. */
export const dollars: View = {
  name: 'doubled dollars',
  triggers: '$',
  decode: (under, at, first) => firstOf(under, at, first, ['$$']),
  glance: glanceAtDouble,
};

/** `%%` of ConfigParser and of format strings, which leave a caret as it is. */
export const percentSigns: View = {
  name: 'doubled percent signs',
  triggers: '%',
  decode: (under, at, first) => firstOf(under, at, first, ['%%']),
  glance: glanceAtDouble,
};

/** `^&` and `%%` of cmd. */
export const carets: View = {
  name: 'carets',
  triggers: '^%',
  decode: (under, at, first) =>
    asciiOf(first) === 0x5e ? guarded(under, at, first) : firstOf(under, at, first, ['%%']),
  glance: (stream, at) => (stream.text[at] === 0x25 ? glanceAtDouble(stream, at) : glanceAtGuarded(stream, at)),
};

/** `` `$ `` of PowerShell's double quotes. */
export const backTicks: View = { name: 'back-ticks', triggers: '`', decode: guarded, glance: glanceAtGuarded };

/** A sign twice is that sign; once, it is itself. */
function glanceAtDouble({ text, to }: PlainBytes, at: number): number {
  if (at + 1 >= to) return unclear;
  return text[at + 1] === text[at] ? seen(text[at] ?? 0, 2) : plainly;
}

function glanceAtGuarded({ text, to }: PlainBytes, at: number): number {
  if (at + 1 >= to) return unclear;
  const next = text[at + 1] ?? 0;
  return isPunctuation(next) ? seen(next, 2) : plainly;
}

function isPunctuation(ascii: number): boolean {
  const letter = ascii | 0x20;
  return ascii >= 0x20 && ascii < 0x7f && !(ascii >= 0x30 && ascii <= 0x39) && !(letter >= 0x61 && letter <= 0x7a);
}

/** The longest of some ways to write one character, of which each begins with it and differs from it. */
function firstOf(under: Layer, at: number, first: Unit, ways: readonly string[]): Unit {
  let undecided = false;
  let longest = first;
  for (const way of ways) {
    const length = lengthOfText(under, at, way);
    if (length === open) undecided = true;
    else if (length > lengthOf(longest)) longest = character(way.charCodeAt(0), length);
  }
  return undecided ? open : longest;
}

/** How many bytes of the stream a text takes that stands at a place; 0 when it does not, `open` when it yet may. */
function lengthOfText(under: Layer, at: number, text: string): number {
  let to = at;
  for (let index = 0; index < text.length; index += 1) {
    const unit = under.read(to);
    if (unit === open) return open;
    if (asciiOf(unit) !== text.charCodeAt(index)) return 0;
    to += lengthOf(unit);
  }
  return to - at;
}

/** A sign before a character that is no letter or digit: that character. */
function guarded(under: Layer, at: number, first: Unit): Unit {
  const next = under.read(at + lengthOf(first));
  if (next === open) return open;
  return isPunctuation(asciiOf(next)) ? stretched(next, lengthOf(first) + lengthOf(next)) : first;
}
