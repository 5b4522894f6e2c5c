import { leastLength, redactionPatterns, secretLines } from './redaction-patterns.ts';

/**
 * `::add-mask::` lines for a runner, in the form and order that every runner version handles: no line end inside (older
 * runners mask whole lines only), the longest first (a mask that begins a longer one would leave its tail visible),
 * nothing short or blank (runners before 1.0 replaced it between all characters), and escaped only where the runner
 * would otherwise read an escape. A second layer: this helper redacts its command's output itself.
 */
export function maskLines(values: Iterable<string>): readonly string[] {
  const masks = new Set<string>();
  for (const value of values) {
    for (const line of secretLines(value)) masks.add(line);
    // Of a value of many lines the encodings of each would be thousands; a runner compares each of its rows with all.
    if (/[\r\n]/.test(value.trim())) continue;
    for (const pattern of redactionPatterns([value.trim()], { lines: false })) masks.add(pattern.toString('utf8'));
  }
  return [...masks]
    .filter((mask) => mask.length >= leastLength && mask.trim() !== '' && !/[\r\n]/.test(mask))
    .toSorted((a, b) => b.length - a.length)
    .map((mask) => `::add-mask::${escaped(mask)}`);
}

/** A `%25` in the value would come back as `%`; anything else is taken as it is, by old runners too. */
function escaped(mask: string): string {
  return /%(25|0A|0D)/i.test(mask) ? mask.replaceAll('%', '%25') : mask;
}
