/**
 * Formats times as the log writes them: ISO 8601, UTC, seven fractional digits (.NET ticks of 100 ns).
 * Rows written in the same millisecond differ only in the last four digits, in the order of writing; a stopped clock
 * has room for about 9,900 of them.
 */
export function createDotnetTicks(): (at: Date) => string {
  let lastMs = Number.NaN;
  let ticks = 0;
  return (at) => {
    ticks = at.getTime() === lastMs ? Math.min(ticks + 1, 9_999) : (at.getTime() * 7) % 97;
    lastMs = at.getTime();
    return at.toISOString().replace('Z', `${String(ticks).padStart(4, '0')}Z`);
  };
}
