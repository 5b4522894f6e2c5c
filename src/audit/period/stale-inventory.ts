import type { NotRead, ReportingPeriod } from '../model/audited-period.ts';

/**
 * That the list of secrets of a report was taken before its period, so that its numbers are not of the period. `takenAt`:
 * when; `null` if none is on record or one was given.
 */
export function findStaleInventory(
  { from, to }: ReportingPeriod,
  takenAt: string | null,
  now: Date,
): readonly NotRead[] {
  if (takenAt === null || Date.parse(takenAt) >= from.getTime()) return [];
  return [
    {
      what: 'Inventory of secrets',
      from: from.toISOString(),
      to: to.toISOString(),
      why: `No list of the secrets was taken in the period. The one in this report is of ${takenAt.slice(0, 10)}.`,
      state: now < to ? 'not-read-yet' : 'irrecoverable',
    },
  ];
}
