import {
  asciiOf,
  octet,
  character,
  digitOf,
  lengthOf,
  nothing,
  open,
  plainly,
  seen,
  unclear,
  type Layer,
  type PlainBytes,
  type Unit,
  type View,
} from './view.ts';

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
    if (ascii !== 0x0a && ascii !== 0x0d) return decodePercent(under, at, first);
    const length = lengthOf(first) + lengthOf(next);
    if (ascii === 0x0a) return nothing(length);
    const last = under.read(at + length);
    if (last === open) return open;
    return asciiOf(last) === 0x0a ? nothing(length + lengthOf(last)) : first;
  },
  glance(stream, at) {
    const next = stream.text[at + 1] ?? 0x0a;
    return next === 0x0a || next === 0x0d ? unclear : glanceAtDigits(stream, at);
  },
};

function glanceAtDigits({ text, to }: PlainBytes, at: number): number {
  if (at + 2 >= to) return unclear;
  const upper = digitOf(text[at + 1] ?? 0);
  const lower = digitOf(text[at + 2] ?? 0);
  if (upper > 15 || lower > 15) return plainly;
  return seen(upper * 16 + lower, 3);
}

/** `%252B`: the percent sign of `%25` begins an escape again where two digits follow. */
function glanceDeeper({ text, to }: PlainBytes, at: number): number {
  if (text[at + 1] !== 0x32 || text[at + 2] !== 0x35) return plainly;
  if (at + 5 >= to) return unclear;
  const next = text[at + 3] ?? 0;
  const upper = digitOf(next);
  const lower = digitOf(text[at + 4] ?? 0);
  // A digit may be encoded itself.
  if (next === 0x25) return text[at + 4] === 0x32 ? plainly : unclear;
  if (upper > 15) return plainly;
  if (text[at + 4] === 0x25) return unclear;
  return lower > 15 ? plainly : seen(upper * 16 + lower, 5);
}

function decodePercent(under: Layer, at: number, first: Unit): Unit {
  const from = at + lengthOf(first);
  const high = under.read(from);
  if (high === open) return open;
  const upper = digitOf(asciiOf(high));
  if (upper > 15) return first;
  const low = under.read(from + lengthOf(high));
  if (low === open) return open;
  const lower = digitOf(asciiOf(low));
  return lower > 15 ? first : octet(upper * 16 + lower, lengthOf(first) + lengthOf(high) + lengthOf(low));
}
