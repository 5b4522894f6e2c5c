import { hourMs } from '../../secrets/duration.ts';
import type { ReportingPeriod } from '../../audit/model/audited-period.ts';
import { parsePeriod } from './parse-period.ts';

/**
 * How long after an event its row may be late: a throttled log store retries for 12 hours; the rest is a safety margin.
 */
export const lateRowsMs = 48 * hourMs;

export type PeriodKind = 'month' | 'quarter' | 'year';

const monthsOf = { month: 1, quarter: 3, year: 12 } as const satisfies Record<PeriodKind, number>;

/**
 * After an outage the service produces at most this many missed reports in one pass, so that it does not flood its
 * archive.
 */
const mostAtOnce = 12;

/**
 * Returns the periods whose reports are due: over, with no more rows expected, and not in `already`; oldest first.
 * Periods after the newest in `already` are caught up; if `already` is empty, only the newest completed period is due.
 */
export function duePeriods(
  kind: PeriodKind,
  now: Date,
  already: readonly ReportingPeriod[],
): readonly ReportingPeriod[] {
  const of = (index: number): ReportingPeriod => periodOf(kind, index);
  const newestClosed = indexOf(kind, new Date(+now - lateRowsMs)) - 1;
  const reported = already
    .map((period) => indexOf(kind, period.from))
    .filter((index, position) => sameBounds(of(index), already[position]));
  const first = reported.length === 0 ? newestClosed : Math.max(...reported) + 1;
  const due: ReportingPeriod[] = [];
  for (let index = Math.max(first, newestClosed - mostAtOnce + 1); index <= newestClosed; index++) due.push(of(index));
  return due;
}

/** Numbers periods of one kind from year 0, so that neighbours differ by one. */
function indexOf(kind: PeriodKind, at: Date): number {
  return Math.floor((at.getUTCFullYear() * 12 + at.getUTCMonth()) / monthsOf[kind]);
}

function periodOf(kind: PeriodKind, index: number): ReportingPeriod {
  const month = index * monthsOf[kind];
  const year = String(Math.floor(month / 12)).padStart(4, '0');
  if (kind === 'year') return parsePeriod(year);
  if (kind === 'quarter') return parsePeriod(`${year}-Q${String((month % 12) / 3 + 1)}`);
  return parsePeriod(`${year}-${String((month % 12) + 1).padStart(2, '0')}`);
}

function sameBounds(whole: ReportingPeriod, other: ReportingPeriod | undefined): boolean {
  return other !== undefined && +whole.from === +other.from && +whole.to === +other.to;
}
