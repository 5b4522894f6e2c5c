import { compareText } from '../../provenance/compare-text.ts';
import type { Retrieval } from '../model/retrieval.ts';

/** Where a row of a day is, and when it happened. */
export interface PlacedRow {
  /** The slice among those of the day, and the row of it, from 0. */
  readonly slice: number;
  readonly row: number;
  /** Its bytes in the slice. */
  readonly from: number;
  readonly to: number;
  /** Its number among all rows of the day, from 0. */
  readonly number: number;
  /** As `DayClock` counts. */
  readonly ticks: number;
  /** `null` for a row that is parsed when it is asked for. */
  readonly retrieval: Retrieval | null;
}

/**
 * Brings the rows of a day, which are in the order of their numbers, into that of their times, then ids, each event once.
 * An id has the time in it, so only rows of one time are compared: those are parsed by `read`. Tells of each further row
 * of an event, whose source the event gets.
 */
export function settleOrder(
  rows: PlacedRow[],
  read: (row: PlacedRow) => Retrieval,
  further: (row: PlacedRow, retrieval: Retrieval) => void,
): readonly PlacedRow[] {
  // Slices of files are in order.
  if (rows.some(({ ticks }, index) => ticks < (rows[index - 1]?.ticks ?? 0))) rows.sort((a, b) => a.ticks - b.ticks);
  const settled: PlacedRow[] = [];
  for (let from = 0; from < rows.length; ) {
    const to = endOfMoment(rows, from);
    const [first] = to === from + 1 ? rows.slice(from, to) : [];
    if (first === undefined) settled.push(...eventsOf(rows.slice(from, to), read, further));
    else settled.push(first);
    from = to;
  }
  return settled;
}

/** Where the rows end that have the time of this one. */
function endOfMoment(rows: readonly PlacedRow[], from: number): number {
  const ticks = rows[from]?.ticks;
  let to = from + 1;
  while (to < rows.length && rows[to]?.ticks === ticks) to += 1;
  return to;
}

/** The events of rows of one time, by their ids. */
function eventsOf(
  rows: readonly PlacedRow[],
  read: (row: PlacedRow) => Retrieval,
  further: (row: PlacedRow, retrieval: Retrieval) => void,
): readonly PlacedRow[] {
  const byId = new Map<string, PlacedRow & { readonly retrieval: Retrieval }>();
  for (const row of rows) {
    const retrieval = row.retrieval ?? read(row);
    const known = byId.get(retrieval.id);
    if (known === undefined) byId.set(retrieval.id, { ...row, retrieval });
    else {
      further(row, retrieval);
      const sources = [...new Set([...known.retrieval.sources, ...retrieval.sources])].sort();
      byId.set(retrieval.id, { ...known, retrieval: { ...known.retrieval, sources } });
    }
  }
  return [...byId.values()].sort((one, other) => compareText(one.retrieval.id, other.retrieval.id));
}
