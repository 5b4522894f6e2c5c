/** Milliseconds of an hour and of a day of 24 hours. */
export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

const unitMs = { s: 1_000, m: 60_000, h: hourMs, d: dayMs } as const;

/**
 * Parses a duration of the policy into milliseconds: a whole number and one unit, `90d`, `24h`, `15m`, `10s`. Returns
 * `null` if the text is not a duration.
 */
export function parseDuration(text: string): number | null {
  const parts = /^(\d{1,6})([smhd])$/.exec(text);
  if (parts === null) return null;
  return Number(parts[1]) * unitMs[parts[2] as keyof typeof unitMs];
}

/** Formats a duration in the shortest exact way: `90d`, `36h`, `10s`. */
export function formatDuration(milliseconds: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (milliseconds !== 0 && milliseconds % unitMs[unit] === 0) return `${String(milliseconds / unitMs[unit])}${unit}`;
  }
  return `${String(Math.round(milliseconds / unitMs.s))}s`;
}
