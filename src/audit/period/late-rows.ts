import { dayMs } from '../../secrets/duration.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { slicesOf } from '../collection/slice.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import { daysOf } from '../model/calendar.ts';

/**
 * Counts the rows of a period in slices that a sealed pack does not list: they were collected after its seal. `sealed`:
 * the paths of the slices that the pack was made from. Only days with such slices are read.
 */
export async function countLateRows(
  records: RecordStore,
  period: ReportingPeriod,
  sealed: ReadonlySet<string>,
): Promise<number> {
  let late = 0;
  for (const day of daysOf(period)) {
    let isUnlisted = false;
    for await (const path of records.list(`slices/${day}/`)) isUnlisted ||= !sealed.has(path);
    if (!isUnlisted) continue;
    const start = new Date(`${day}T00:00:00Z`);
    const end = new Date(Math.min(start.getTime() + dayMs, period.to.getTime()));
    const from = new Date(Math.max(start.getTime(), period.from.getTime()));
    for await (const { path, header } of slicesOf(records, { from, to: end })) {
      if (!sealed.has(path)) late += header.added;
    }
  }
  return late;
}
