/** Formats a count: `12,480`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 secret`, `12 secrets`; pass `plural` if adding an s is not enough. */
export function counted(count: number, singular: string, plural = `${singular}s`): string {
  return `${countText(count)} ${count === 1 ? singular : plural}`;
}

/** `2026-07-03 04:05:06` of an ISO 8601 time in UTC, without its fraction; other text is returned unchanged. */
export function secondText(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}` : iso;
}

/** Formats the times in a sentence for people: `2026-07-03T04:05:06.000Z` becomes `2026-07-03 04:05 UTC`. */
export function plainTimes(sentence: string): string {
  return sentence.replace(/(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::\d\d(?:\.\d+)?)?Z/g, '$1 $2 UTC');
}

/** `2026-07-03 04:05:06 UTC`, or `… to …` if the two differ. */
export function spanText(firstAt: string, lastAt: string): string {
  return firstAt === lastAt ? `${firstAt} UTC` : `${firstAt} to ${lastAt} UTC`;
}

/** `2026-07-03 04:05 UTC`. */
export function minuteText(time: Date): string {
  return `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/**
 * Shares of one whole, in tenths of a per cent by the method of largest remainders, so that they add up to 100 %. A part
 * that is not zero never shows as 0 %, and one that is not all never as 100 %.
 */
export function sharesText(parts: readonly number[]): readonly string[] {
  const whole = parts.reduce((sum, part) => sum + part, 0);
  if (whole === 0) return parts.map(() => '–');
  const exact = parts.map((part) => (part / whole) * 1000);
  const tenths = exact.map((share, index) => (parts[index] === 0 ? 0 : Math.max(1, Math.floor(share))));
  // Largest remainder first; on a tie the earlier part.
  const order = exact
    .map((share, index) => ({ index, remainder: share - (tenths[index] ?? 0) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  let left = 1000 - tenths.reduce((sum, share) => sum + share, 0);
  for (const { index } of order) {
    if (left <= 0) break;
    if (parts[index] === 0) continue;
    tenths[index] = (tenths[index] ?? 0) + 1;
    left -= 1;
  }
  // What the least parts were lifted by is taken from the greatest.
  if (left < 0) {
    const greatest = tenths.indexOf(Math.max(...tenths));
    tenths[greatest] = (tenths[greatest] ?? 0) + left;
  }
  return tenths.map(tenthsText);
}

function tenthsText(tenths: number): string {
  return `${(tenths / 10).toFixed(tenths % 10 === 0 ? 0 : 1)} %`;
}

/** `97.6 %`. Never rounds to 100 % or 0 % unless the part is all or none. */
export function shareText(part: number, whole: number): string {
  if (whole === 0) return '–';
  const permille = Math.round((part / whole) * 1000);
  const honest = part === whole || part === 0 ? permille : Math.min(999, Math.max(1, permille));
  return tenthsText(honest);
}

/** `1.4 MB`, in powers of ten. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${String(bytes)} B`;
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** `old-version-read` → `Old version read`. */
export function titleOf(code: string): string {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `the metric could not be seen` → `The metric could not be seen.` */
export function sentenceText(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
