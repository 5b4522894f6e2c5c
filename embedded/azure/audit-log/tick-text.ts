/**
 * Gives times as the log writes them: ISO 8601, UTC, seven fractional digits.
 * Rows of one millisecond differ in the last four digits alone, in the order in which they were written: a clock that
 * stands still has room for some 9,900 of them.
 */
export function createTickText(): (at: Date) => string {
  let lastMs = Number.NaN;
  let ticks = 0;
  return (at) => {
    ticks = at.getTime() === lastMs ? Math.min(ticks + 1, 9_999) : (at.getTime() * 7) % 97;
    lastMs = at.getTime();
    return at.toISOString().replace('Z', `${String(ticks).padStart(4, '0')}Z`);
  };
}
