import {
  asciiOf,
  byte,
  character,
  digitOf,
  lengthOf,
  nothing,
  open,
  type Layer,
  type Unit,
  type View,
} from './view.ts';

/** `%2B`, in either case of its digits, beside bytes that are not encoded: any URL encoder's choice of which to encode. */
export const percent: View = { name: 'percent-encoding', triggers: '%', decode: decodePercent };

/** Percent-encoding of HTML forms, where a blank is a plus sign. */
export const form: View = {
  name: 'form encoding',
  triggers: '%+',
  decode: (under, at, first) =>
    asciiOf(first) === 0x2b ? character(0x20, lengthOf(first)) : decodePercent(under, at, first),
};

/** `=3D` of quoted-printable, and its `=` at the end of a line that goes on. */
export const quotedPrintable: View = {
  name: 'quoted-printable',
  triggers: '=',
  decode(under, at, first) {
    const next = under.read(at + lengthOf(first));
    const ascii = asciiOf(next);
    if (next === open) return open;
    if (ascii !== 0x0a && ascii !== 0x0d) return decodePercent(under, at, first);
    const length = lengthOf(first) + lengthOf(next);
    if (ascii === 0x0a) return nothing(length);
    const last = under.read(at + length);
    if (last === open) return open;
    return asciiOf(last) === 0x0a ? nothing(length + lengthOf(last)) : first;
  },
};

function decodePercent(under: Layer, at: number, first: Unit): Unit {
  const from = at + lengthOf(first);
  const high = under.read(from);
  if (high === open) return open;
  const upper = digitOf(asciiOf(high));
  if (upper > 15) return first;
  const low = under.read(from + lengthOf(high));
  if (low === open) return open;
  const lower = digitOf(asciiOf(low));
  return lower > 15 ? first : byte(upper * 16 + lower, lengthOf(first) + lengthOf(high) + lengthOf(low));
}
