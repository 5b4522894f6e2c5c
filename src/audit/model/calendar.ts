import { dayMs, hourMs } from '../../secrets/duration.ts';
import { memoize } from '../../provenance/memoize.ts';
import type { ReportingPeriod } from './audited-period.ts';

/** `2026-03` of a moment. Records that accumulate forever are stored in one folder per month. */
export function monthOf(at: Date): string {
  return at.toISOString().slice(0, 7);
}

/** `2026-03-09` of a moment, in UTC. */
export function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** Whether the calendar has the day, `2026-02-28`: `Date` reads 30 February as 2 March. */
export const isDay = memoize((day) => {
  const start = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(start.getTime()) && dayOf(start) === day;
});

/** Months that the period touches, plus `before` and `after` more, because a job may start long before it reads. */
export function monthsOf({ from, to }: ReportingPeriod, before = 0, after = 0): string[] {
  const months: string[] = [];
  const last = Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + after, 1);
  for (let offset = -before; ; offset += 1) {
    const month = Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + offset, 1);
    if (month > last) return months;
    months.push(monthOf(new Date(month)));
  }
}

/** Days that the period touches. */
export function daysOf({ from, to }: ReportingPeriod): string[] {
  const days: string[] = [];
  for (let day = Date.parse(`${dayOf(from)}T00:00:00Z`); day < to.getTime(); day += dayMs) {
    days.push(dayOf(new Date(day)));
  }
  return days;
}

/** The start of the hour that contains a moment (milliseconds). */
export function hourOf(at: number): number {
  return at - (at % hourMs);
}

/** The hour that contains a moment (milliseconds), in the form of control totals: `2026-03-09T14:00:00Z`. */
export function hourName(at: number): string {
  return `${new Date(hourOf(at)).toISOString().slice(0, 19)}Z`;
}

/** Whether a moment (ISO 8601) lies in the half-open period. */
export function isWithin({ from, to }: ReportingPeriod, at: string): boolean {
  return Date.parse(at) >= from.getTime() && Date.parse(at) < to.getTime();
}
