import { base64, hexadecimal } from './needles/encoded-needles.ts';
import { leastLength } from './needles/secret-lines.ts';
import type { SecretTexts } from './needles/secret-texts.ts';

/**
 * `::add-mask::` lines for a runner, in the form and order that every runner version handles: no line end inside (older
 * runners mask whole lines only), the longest first (a mask that begins a longer one would leave its tail visible),
 * nothing short or blank (runners before 1.0 replaced it between all characters), and escaped only where the runner
 * would otherwise read an escape. A second layer: this helper redacts its command's output itself.
 */
export function maskLines(secrets: Iterable<SecretTexts>): readonly string[] {
  const masks = new Set<string>();
  for (const { texts, lines } of secrets) {
    for (const line of lines) masks.add(line);
    for (const text of texts) {
      const trimmed = text.trim();
      masks.add(trimmed);
      // Of a value of many lines the encodings would be thousands; a runner compares each of its rows with all masks.
      if (lines.length === 0) for (const form of encodedForms(trimmed)) masks.add(form);
    }
  }
  return [...masks]
    .filter((mask) => mask.length >= leastLength && mask.trim() !== '' && !mask.includes('\n') && !mask.includes('\r'))
    .toSorted((a, b) => b.length - a.length)
    .map((mask) => `::add-mask::${escaped(mask)}`);
}

/** What runners of all versions know of no other way; from 3.0.0 on they derive some of these themselves. */
function encodedForms(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const component = encodeURIComponent(text.toWellFormed());
  return [...base64(bytes), ...hexadecimal(bytes, ['']), JSON.stringify(text).slice(1, -1), component];
}

/** A `%25` in the value would come back as `%`; anything else is taken as it is, by old runners too. */
function escaped(mask: string): string {
  return mask.includes('%') && /%(25|0A|0D)/i.test(mask) ? mask.replaceAll('%', '%25') : mask;
}
