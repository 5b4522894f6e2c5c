import {
  afterNothing,
  asciiOf,
  character,
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

/** As deep as a block of YAML is ever indented. */
const deepestIndent = 120;

/**
 * The end of a line that breaks a word, with the blanks that begin the next, as nothing: base64 in lines of sixteen
 * characters and more, and what a pager, `fold` or a folded block wraps.
 */
export const wrapped: View = {
  name: 'wrapped lines',
  triggers: '\n\r',
  decode: (under, at, first) => (under.isWithinWord(at) ? lineEnd(under, at, first) : first),
  glance: (stream, at) => (stream.isWithinWord(at) ? glanceAfter(stream, at) : plainly),
};

/** The end of a line as the blank that YAML folded there. */
export const folded: View = {
  name: 'folded lines',
  triggers: '\n\r',
  decode(under, at, first) {
    const end = lineEnd(under, at, first);
    return end === open || end === first ? end : character(0x20, lengthOf(end));
  },
  glance: ({ text }, at) => (text[at] === 0x0a && (text[at + 1] ?? 0) > 0x20 ? seen(0x20, 1) : unclear),
};

/** What comes after a line feed and the blanks that begin its line. */
function glanceAfter({ text, to }: PlainBytes, at: number): number {
  let place = at + 1;
  while (place - at < deepestIndent && (text[place] === 0x20 || text[place] === 0x09)) place += 1;
  const after = text[place] ?? 0;
  if (text[at] !== 0x0a || place >= to || after <= 0x20) return unclear;
  return seen(after, place + 1 - at) | afterNothing;
}

function lineEnd(under: Layer, at: number, first: Unit): Unit {
  let to = at + lengthOf(first);
  if (asciiOf(first) === 0x0d) {
    const next = under.read(to);
    if (next === open) return open;
    if (asciiOf(next) !== 0x0a) return first;
    to += lengthOf(next);
  }
  while (to - at < deepestIndent) {
    const unit = under.read(to);
    if (unit === open) return open;
    const ascii = asciiOf(unit);
    if (ascii !== 0x20 && ascii !== 0x09) break;
    to += lengthOf(unit);
  }
  return nothing(to - at);
}
