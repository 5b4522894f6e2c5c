/**
 * What redaction means, said plainly and slowly, for one family of escapes and its layers: a needle stands at a place when
 * the text from there on, as it is and from any byte on decoded once, twice, …, begins with it. Nothing here is shared with
 * the search: it decodes the whole rest of the text anew at every place, by regular expressions.
 */
export interface EscapeFamily {
  /** Matches one escape at the beginning of a text. */
  readonly escape: RegExp;
  /** What it stands for, as bytes; an empty text for nothing. */
  readonly meaning: (escape: string) => string;
  /** How often an escape may be written as an escape again. */
  readonly layers: number;
  /** Whether an escape may also be the value's own text. */
  readonly leavesSign?: boolean;
}

interface Piece {
  readonly shown: string;
  readonly from: number;
  readonly to: number;
}

/** The text with every needle in it masked. All as one character a byte. */
export function redactSlowly(text: string, needles: readonly string[], family: EscapeFamily): string {
  const starts = new Map<number, number>();
  for (let at = 0; at < text.length; at += 1) {
    const end = Math.max(0, ...needles.map((needle) => endOf(text, at, needle, family)));
    if (end > at) starts.set(at, end);
  }
  let redacted = '';
  let masked = 0;
  for (let at = 0; at < text.length; at += 1) {
    const end = starts.get(at) ?? 0;
    if (end > masked) {
      // One that begins within a mask makes it longer; one that begins after it has its own.
      if (at >= masked) redacted += '***';
      masked = end;
    }
    if (at >= masked) redacted += text[at] ?? '';
  }
  return redacted;
}

/** Where a needle ends that begins at `at`; 0 when it does not. */
function endOf(text: string, at: number, needle: string, family: EscapeFamily): number {
  return follow(text, at, needle, { layer: 0, nothings: 0, begun: false }, family);
}

interface Progress {
  /** How often the text is decoded from here on. */
  readonly layer: number;
  /** How many escapes in a row stood for nothing. */
  readonly nothings: number;
  readonly begun: boolean;
}

function follow(text: string, at: number, needle: string, progress: Progress, family: EscapeFamily): number {
  if (needle === '') return at;
  const { layer, nothings, begun } = progress;
  const ends = [0];
  const piece = layer === 0 ? asItIs(text, at) : decoded(text, at, layer, family)[0];
  if (piece?.shown === '' && nothings < 4 && begun) {
    ends.push(follow(text, piece.to, needle, { layer, nothings: nothings + 1, begun }, family));
  }
  if (piece !== undefined && piece.shown !== '' && needle.startsWith(piece.shown)) {
    ends.push(follow(text, piece.to, needle.slice(piece.shown.length), { layer, nothings: 0, begun: true }, family));
  }
  const isEscape = piece !== undefined && piece.to - piece.from > 1;
  if (layer > 0 && isEscape && family.leavesSign === true && needle.startsWith(text[at] ?? '\0')) {
    ends.push(follow(text, at + 1, needle.slice(1), { layer, nothings: 0, begun: true }, family));
  }
  if (layer < family.layers) ends.push(follow(text, at, needle, { layer: layer + 1, nothings, begun }, family));
  return Math.max(...ends);
}

function asItIs(text: string, at: number): Piece | undefined {
  const shown = text[at];
  return shown === undefined ? undefined : { shown, from: at, to: at + 1 };
}

/** The rest of a text, decoded so many times. */
function decoded(text: string, at: number, layer: number, family: EscapeFamily): readonly Piece[] {
  if (layer === 0)
    return Array.from(text.slice(at), (shown, index) => ({ shown, from: at + index, to: at + index + 1 }));
  const under = decoded(text, at, layer - 1, family);
  const shown = under.map((piece) => piece.shown).join('');
  const pieces: Piece[] = [];
  for (let index = 0; index < under.length; ) {
    const rest = shown.slice(index);
    const [escape = ''] = family.escape.exec(rest) ?? [];
    const length = Math.max(1, escape.length);
    const last = under[index + length - 1];
    const meaning = escape === '' ? (rest[0] ?? '') : family.meaning(escape);
    pieces.push({ shown: meaning, from: under[index]?.from ?? 0, to: last?.to ?? text.length });
    index += length;
  }
  return pieces;
}
