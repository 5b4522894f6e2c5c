import { hourMs } from '../../secrets/duration.ts';
import type { HourCoverage, NotRead, ReportingPeriod } from '../model/audited-period.ts';
import { hourName, hourOf } from '../model/calendar.ts';
import type { CanaryRead } from '../collection/canary-reader.ts';
import { keptMs } from '../collection/collect-retrievals.ts';
import type { RetrievalCollection } from '../collection/retrieval-collection.ts';
import type { Retrieval } from '../model/retrieval.ts';
import { createHourCounts } from './hour-counts.ts';

export interface SeenHours {
  readonly rows: ReadonlyMap<string, number>;
  /** Request ids of canary reads that have a row. */
  readonly heard: ReadonlySet<string>;
}

/** Counts rows by hour and states which hours can be shown to be complete. */
export interface CoverageCounter {
  see(retrieval: Retrieval): void;
  /** What was seen so far: plain data. */
  take(): SeenHours;
  /** Adds what was seen of a later share of the period. */
  absorb(share: SeenHours): void;
  coverage(): readonly HourCoverage[];
}

/**
 * An hour is covered if Keyturn read the canary of each vault in it and each of those reads has a row. Otherwise it is
 * a gap, because nothing is shown for a vault whose canary was not read. Canary reads in other vaults do not count.
 * `not-read`: the hour was not or not completely queried, or had not ended by `readTo`. `vaults`: short names,
 * lower-case.
 */
export function countCoverage(
  { from, to }: ReportingPeriod,
  vaults: ReadonlySet<string>,
  canaries: readonly CanaryRead[],
  collection: RetrievalCollection | null,
): CoverageCounter {
  const rows = createHourCounts((hour) => hour);
  const missing = new Map<string, string>();
  const heard = new Set<string>();
  const sung = new Map<string, Set<string>>();
  for (const { vault, correlationId, at } of canaries) {
    if (!vaults.has(vault)) continue;
    const hour = hourName(Date.parse(at));
    missing.set(correlationId.toLowerCase(), hour);
    sung.set(hour, (sung.get(hour) ?? new Set()).add(vault));
  }
  return {
    see({ at, vault, correlationId }) {
      rows.see(at, vault);
      if (correlationId !== null && missing.has(correlationId)) heard.add(correlationId);
    },
    take: () => ({ rows: rows.take(), heard }),
    absorb(share) {
      for (const [hour, count] of share.rows) rows.add(hour, count);
      for (const one of share.heard) heard.add(one);
    },
    coverage() {
      const lost = new Set([...missing].flatMap(([id, hour]) => (heard.has(id) ? [] : [hour])));
      const counts = rows.take();
      const hours: HourCoverage[] = [];
      for (let at = hourOf(from.getTime()); at < to.getTime(); at += hourMs) {
        const hour = hourName(at);
        const whole = vaults.size > 0 && sung.get(hour)?.size === vaults.size;
        const ifRead = whole && !lost.has(hour) ? 'covered' : 'gap';
        const state = isRead(at, collection) ? ifRead : 'not-read';
        hours.push({ hour, rows: counts.get(hour) ?? 0, state });
      }
      return hours;
    },
  };
}

/**
 * Finds the parts of the period that could not be read. Rows that the workspace has deleted by now are irrecoverable.
 */
export function findUnreadSpans(
  { from, to }: ReportingPeriod,
  collection: RetrievalCollection | null,
  now: Date,
): readonly NotRead[] {
  const unread: { readonly from: number; readonly to: number; readonly why: string }[] =
    collection === null
      ? [{ from: from.getTime(), to: to.getTime(), why: 'nothing was collected' }]
      : [
          { from: from.getTime(), to: Date.parse(collection.since), why: 'it is before the collection began' },
          ...collection.unread.map((one) => ({ from: Date.parse(one.from), to: Date.parse(one.to), why: one.why })),
          { from: Date.parse(collection.watermark), to: to.getTime(), why: 'rows may still arrive' },
        ];
  return unread.flatMap((one): NotRead[] => {
    const start = Math.max(one.from, from.getTime());
    const end = Math.min(one.to, to.getTime());
    if (start >= end) return [];
    const state =
      now.getTime() - end > keptMs || one.why.includes('before the collection') ? 'irrecoverable' : 'not-read-yet';
    return [
      {
        what: 'audit log rows',
        from: new Date(start).toISOString(),
        to: new Date(end).toISOString(),
        why: one.why,
        state,
      },
    ];
  });
}

function isRead(hour: number, collection: RetrievalCollection | null): boolean {
  if (collection === null || hour < Date.parse(collection.since)) return false;
  if (hour + hourMs > Date.parse(collection.readTo)) return false;
  return !collection.unread.some((one) => Date.parse(one.from) < hour + hourMs && Date.parse(one.to) > hour);
}
