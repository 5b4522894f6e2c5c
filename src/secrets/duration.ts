/** Milliseconds of an hour and of a day of 24 hours. */
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** Longest first. */
const unitMs: ReadonlyMap<string, number> = new Map([
  ['d', dayMs],
  ['h', hourMs],
  ['m', 60_000],
  ['s', 1_000],
]);

/**
 * Parses a duration of the policy into milliseconds: a whole number and one unit, `90d`, `24h`, `15m`, `10s`. Returns
 * `null` if the text is not a duration.
 */
export function parseDuration(text: string): number | null {
  const [, count, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const length = unitMs.get(unit);
  return length === undefined ? null : Number(count) * length;
}

/** Formats a duration in the shortest exact way: `90d`, `36h`, `10s`. */
export function formatDuration(milliseconds: number): string {
  for (const [unit, length] of unitMs) {
    if (milliseconds !== 0 && milliseconds % length === 0) return `${String(milliseconds / length)}${unit}`;
  }
  return `${String(Math.round(milliseconds / 1_000))}s`;
}
