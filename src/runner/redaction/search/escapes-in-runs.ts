import type { EscapeFinder } from './escape-finder.ts';
import type { PlaceMarks } from './place-marks.ts';

/** A view looks no further ahead than this from where an escape begins, and no further back than a dozen bytes. */
const furthestAhead = 256;
const furthestBack = 16;

/**
 * Marks what the reported escapes of a text bring about, `window` bytes before each at most. In a long run of one byte, all
 * escapes but those near its ends bring about the same: one is looked at. If it marks nothing, none does; otherwise each place
 * of the run is marked, and whoever walks from there sees soon that all are alike.
 */
export function findAroundReports(
  text: Buffer,
  {
    marks,
    reports,
    escapes,
    window,
  }: { marks: PlaceMarks; reports: PlaceMarks; escapes: EscapeFinder; window: number },
): void {
  let run = { from: 0, to: -furthestAhead };
  for (let at = reports.next(0); at < text.length; at = reports.next(at + 1)) {
    if (at >= run.to + furthestAhead) run = runToLeave(text, at, { marks, escapes, window });
    if (at >= run.from && at < run.to) at = run.to - 1;
    else escapes.findAround(at);
  }
}

/** The places of a long run that need no look any more; none where the run is short. */
function runToLeave(
  text: Buffer,
  at: number,
  { marks, escapes, window }: { marks: PlaceMarks; escapes: EscapeFinder; window: number },
): { readonly from: number; readonly to: number } {
  const middle = at + window + furthestBack;
  const byte = text[at];
  if (text[middle + furthestAhead] !== byte || text[middle] !== byte) return { from: at, to: at };
  let end = at + 1;
  while (text[end] === byte) end += 1;
  const to = end - furthestAhead;
  if (to <= middle) return { from: at, to: at };
  escapes.findAround(middle);
  if (marks.next(middle - window) > middle) return { from: middle, to };
  for (let place = Math.max(0, at - window); place < end; place += 1) marks.mark(place);
  return { from: at, to: end };
}
