import type { EscapeFinder } from './escape-finder.ts';
import type { PlaceMarks } from './place-marks.ts';

/** Escapes no further apart than this are close; from so many close ones on, a look at each would cost more than it saves. */
const closeBytes = 16;
const manyEscapes = 8;

/**
 * Marks what the reported escapes of a text bring about. Where many are close to each other, none is looked at: every place
 * is marked at which their first bytes allow a needle to begin, and what begins there is remembered.
 */
export function findAroundReports(
  text: Buffer,
  { reports, escapes }: { readonly reports: PlaceMarks; readonly escapes: EscapeFinder },
): void {
  let last = -closeBytes;
  let close = 0;
  for (let at = reports.next(0); at < text.length; at = reports.next(at + 1)) {
    close = at - last <= closeBytes ? close + 1 : 0;
    last = at;
    if (close < manyEscapes) escapes.findAround(at);
    else escapes.markAll(at, close > manyEscapes);
  }
}
