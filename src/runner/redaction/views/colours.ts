import {
  afterNothing,
  asciiOf,
  beyond,
  lengthOf,
  mostNothings,
  nothing,
  open,
  plainly,
  seen,
  unclear,
  type View,
} from './view.ts';

/** A terminal's codes have a handful of numbers of a few digits. */
const longestCode = 40;

const escape = 0x1b;

/** `ESC[31m` and `ESC[K`: colours, as test runners, `grep --color` and PowerShell put them into a text, as nothing. */
export const colours: View = {
  name: 'colours',
  triggers: '\u001b',
  decode(under, at, first) {
    let to = at + lengthOf(first);
    for (let place = 0; place < longestCode; place += 1) {
      const unit = under.read(to);
      if (unit === open) return open;
      const ascii = asciiOf(unit);
      to += lengthOf(unit);
      if (place === 0) {
        if (ascii !== 0x5b) return first;
      } else if (ascii === 0x6d || ascii === 0x4b) {
        return nothing(to - at);
      } else if (ascii < 0x30 || ascii > 0x3f) {
        return first;
      }
    }
    return first;
  },
  glance({ text, to }, at) {
    let place = at;
    for (let codes = 0; text[place] === escape; codes += 1) {
      if (codes > mostNothings) return beyond;
      const end = endOfCode(text, place, to);
      if (end < 0) return codes === 0 ? end : unclear;
      place = end;
    }
    const after = text[place] ?? escape;
    return after === escape || place >= to ? unclear : seen(after, place + 1 - at) | afterNothing;
  },
};

/** Where a code ends that begins at a place; `plainly` when it is none. */
function endOfCode(text: Buffer, at: number, to: number): number {
  const most = at + 1 + longestCode;
  if (most >= to) return unclear;
  if (text[at + 1] !== 0x5b) return plainly;
  let place = at + 2;
  while (place < most && (text[place] ?? 0) >= 0x30 && (text[place] ?? 0) <= 0x3f) place += 1;
  const last = text[place];
  return last === 0x6d || last === 0x4b ? place + 1 : plainly;
}
