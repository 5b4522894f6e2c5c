/** Reads the API's `timespan`: `start/end`, `start/length`, `length/end` or a length up to now. Half-open; `null` when it is none. */
export function parseTimespan(text: string, now: Date): readonly [Date, Date] | null {
  const [first = '', second] = text.split('/');
  const [left, right] = [parseLength(first), second === undefined ? null : parseLength(second)];
  if (second === undefined) return left === null ? null : [new Date(now.getTime() - left), now];
  const from = left === null ? new Date(first) : null;
  const to = right === null ? new Date(second) : null;
  const interval =
    from && to
      ? ([from, to] as const)
      : from && right !== null
        ? ([from, new Date(from.getTime() + right)] as const)
        : to && left !== null
          ? ([new Date(to.getTime() - left), to] as const)
          : null;
  return interval?.some((date) => Number.isNaN(date.getTime())) ? null : interval;
}

/** An ISO 8601 length of time in milliseconds; a month or a year has none. */
function parseLength(text: string): number | null {
  const match = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (!match || text === 'P') return null;
  const [, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.map((part) => Number(part ?? 0));
  return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000;
}
