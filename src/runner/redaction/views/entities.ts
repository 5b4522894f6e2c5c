import {
  asciiOf,
  character,
  lengthOf,
  open,
  plainly,
  readDigits,
  unclear,
  type Layer,
  type Unit,
  type View,
} from './view.ts';

/** The five of XML, those of HTML that templates write for characters of a password, and HTML 4's for letters beyond ASCII. */
const named: Readonly<Record<string, number>> = {
  amp: 0x26,
  lt: 0x3c,
  gt: 0x3e,
  quot: 0x22,
  apos: 0x27,
  Tab: 0x09,
  NewLine: 0x0a,
  excl: 0x21,
  num: 0x23,
  dollar: 0x24,
  percnt: 0x25,
  lpar: 0x28,
  rpar: 0x29,
  ast: 0x2a,
  plus: 0x2b,
  comma: 0x2c,
  period: 0x2e,
  sol: 0x2f,
  colon: 0x3a,
  semi: 0x3b,
  equals: 0x3d,
  quest: 0x3f,
  commat: 0x40,
  lbrack: 0x5b,
  lsqb: 0x5b,
  bsol: 0x5c,
  rbrack: 0x5d,
  rsqb: 0x5d,
  Hat: 0x5e,
  lowbar: 0x5f,
  grave: 0x60,
  lcub: 0x7b,
  lbrace: 0x7b,
  verbar: 0x7c,
  vert: 0x7c,
  rcub: 0x7d,
  rbrace: 0x7d,
  euro: 0x20ac,
  ...following(
    0xa0,
    'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn - - acute micro para ' +
      'middot cedil - ordm raquo - - - iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc ' +
      'Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml ' +
      'Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute ' +
      'icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml',
  ),
  ...following(
    0x391,
    'Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho - Sigma Tau Upsilon Phi ' +
      'Chi Psi Omega - - - - - - - alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi ' +
      'rho sigmaf sigma tau upsilon phi chi psi omega',
  ),
  ...following(0x2018, 'lsquo rsquo sbquo - ldquo rdquo bdquo'),
  ndash: 0x2013,
  mdash: 0x2014,
  hellip: 0x2026,
  trade: 0x2122,
};

/** Names of characters that follow each other; a hyphen for one whose name is missing or holds a digit. */
function following(first: number, names: string): Readonly<Record<string, number>> {
  const all = names.split(' ').map((name, index) => [name, first + index] as const);
  return Object.fromEntries(all.filter(([name]) => name !== '-'));
}

/** Letters of the longest. */
export const longestName = Math.max(...Object.keys(named).map(({ length }) => length));

/** `&amp;`, `&#39;`, `&#x27;` of XML and HTML. */
export const entities: View = {
  name: 'entities',
  triggers: '&',
  decode(under, at, first) {
    const from = at + lengthOf(first);
    const next = under.read(from);
    if (next < 0) return next === open ? open : first;
    return asciiOf(next) === 0x23 ? numeric(under, at, from + lengthOf(next), first) : byName(under, at, from, first);
  },
  glance({ text, to }, at) {
    const last = at + longestName + 1;
    if (last >= to) return unclear;
    for (let place = at + 1; place <= last; place += 1) {
      const sign = text[place] ?? 0;
      if (sign === 0x3b || sign === 0x23) return unclear;
      if ((sign | 0x20) < 0x61 || (sign | 0x20) > 0x7a) return plainly;
    }
    return plainly;
  },
};

function numeric(under: Layer, at: number, from: number, first: Unit): Unit {
  const mark = under.read(from);
  if (mark === open) return open;
  const hexadecimal = (asciiOf(mark) | 0x20) === 0x78 && asciiOf(mark) > 0;
  const digits = readDigits(under, hexadecimal ? from + lengthOf(mark) : from, hexadecimal ? 16 : 10, 8);
  if (digits.at === open) return open;
  const close = under.read(digits.at);
  if (close === open) return open;
  if (digits.count === 0 || digits.value > 0x10ffff || asciiOf(close) !== 0x3b) return first;
  return character(digits.value, digits.at + lengthOf(close) - at);
}

function byName(under: Layer, at: number, from: number, first: Unit): Unit {
  let name = '';
  for (let to = from; name.length <= longestName; ) {
    const unit = under.read(to);
    if (unit === open) return open;
    const ascii = asciiOf(unit);
    to += lengthOf(unit);
    if (ascii === 0x3b) {
      const codePoint = Object.hasOwn(named, name) ? named[name] : undefined;
      return codePoint === undefined ? first : character(codePoint, to - at);
    }
    const letter = ascii | 0x20;
    if (ascii < 0 || letter < 0x61 || letter > 0x7a) return first;
    name += String.fromCharCode(ascii);
  }
  return first;
}
