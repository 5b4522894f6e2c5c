import type { SecretTexts } from './secret-texts.ts';

/** Fewer characters than this occur by chance in what a job prints. */
const fewCharacters = 8;

/** As many as the expression below takes. */
const longestWord = 12;

/** As much as four random bytes: less is met by chance in a few gigabytes of text. */
const fewBits = 32;

/**
 * Whether a value occurs in ordinary text, so that hiding it blots out what is no secret: a short one, one of few
 * different characters, a word, a small number.
 */
function occursInOrdinaryText(text: string): boolean {
  if (text.length < fewCharacters) return true;
  if (text.length <= longestWord && /^(?:[a-z]{1,12}|[A-Z][a-z]{0,11}|[A-Z]{1,12}|\d{1,9})$/.test(text)) return true;
  // A beginning has no more bits than the whole, and mostly tells enough: a key has thousands of characters.
  return bitsOf(text.slice(0, beginning)) < fewBits && bitsOf(text) < fewBits;
}

/** Characters that mostly show that a text is random. */
const beginning = 16;

/** Those of a value's texts that occur in ordinary text. */
export function ordinaryTexts({ texts, lines }: SecretTexts): readonly string[] {
  return [...texts, ...lines].filter(occursInOrdinaryText);
}

/** Shannon's measure over the text's own characters, in bits. */
function bitsOf(text: string): number {
  const counts = new Map<string, number>();
  for (const sign of text) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts.values()].reduce((bits, count) => bits + count * Math.log2(total / count), 0);
}
