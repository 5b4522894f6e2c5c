/**
 * Reads the API's `timespan`: `start/end`, `start/length`, `length/end` or a length up to now. Half-open; `null` if the
 * text is not a timespan.
 */
export function parseTimespan(text: string, now: Date): readonly [Date, Date] | null {
  const [first = '', second] = text.split('/');
  const [left, right] = [parseLength(first), second === undefined ? null : parseLength(second)];
  if (second === undefined) return left === null ? null : [new Date(now.getTime() - left), now];
  const from = left === null ? new Date(first) : null;
  const to = right === null ? new Date(second) : null;
  const start = from ?? (to === null || left === null ? null : new Date(to.getTime() - left));
  const end = to ?? (from === null || right === null ? null : new Date(from.getTime() + right));
  if (start === null || end === null) return null;
  return Number.isNaN(start.getTime()) || Number.isNaN(end.getTime()) ? null : [start, end];
}

/** An ISO 8601 duration in milliseconds; months and years have no fixed length. */
function parseLength(text: string): number | null {
  const match = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (!match || text === 'P') return null;
  const [, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = match.map((part: string | undefined) =>
    Number(part ?? 0),
  );
  return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000;
}
