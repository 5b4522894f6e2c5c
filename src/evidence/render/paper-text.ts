import { codePointText } from '../report/visible-text.ts';

// Characters that the typesetter's own fonts contain. PDF/A forbids a character that no font can draw.
const signs = String.raw`[\n\u0020-\u007E\u00A1-\u017F\u0391-\u03A1\u03A3-\u03C9\u0400-\u045F\u2013\u2014\u2018\u2019\u201C\u201D\u2026\u2192\u2212\u27E8\u27E9]`;
const drawable = new RegExp(signs, 'u');
const allDrawable = new RegExp(`^${signs}*$`, 'u');

/** Longer runs without a space do not fit into a column: they may be broken after punctuation, or anywhere. */
const longestRun = 16;
const longRuns = new RegExp(`[^\\s]{${String(longestRun + 1)},}`, 'gu');
const zeroWidthSpace = '\u200B';

/**
 * Prepares text for paper: a character that the fonts lack becomes its code point, `⟨U+1F642⟩`, and long runs without a
 * space (digests, names) get line-break opportunities.
 */
export function paperText(text: string): string {
  // Nearly all texts are drawn as they are, and a report has many.
  const drawn = allDrawable.test(text)
    ? text
    : Array.from(text, (sign) => (drawable.test(sign) ? sign : codePointText(sign))).join('');
  return drawn.replace(longRuns, (run) => breakable(run));
}

function breakable(run: string): string {
  return run
    .replace(/([/_.@:-])(?=.)/gu, `$1${zeroWidthSpace}`)
    .split(zeroWidthSpace)
    .map((part) => part.replace(/(.{8})(?=.{4})/gu, `$1${zeroWidthSpace}`))
    .join(zeroWidthSpace);
}
