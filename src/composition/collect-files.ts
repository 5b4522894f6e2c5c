import { createSliceReader } from '../audit/collection/read-slice.ts';
import { saveRetrievalCollection } from '../audit/collection/retrieval-collection.ts';
import type { RetrievalLog } from '../audit/collection/retrieval-log.ts';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import { daysOf, hourName } from '../audit/model/calendar.ts';
import type { RecordStore } from '../records/record-store.ts';
import { dayMs } from '../secrets/duration.ts';

/**
 * Fills a record store with rows of files, as the collectors fill it from Azure, for one period: one slice for each day
 * that has rows. Rows without a readable time go to the first day.
 */
export async function collectFiles(
  log: RetrievalLog,
  { records, period, now }: { readonly records: RecordStore; readonly period: ReportingPeriod; readonly now: Date },
): Promise<void> {
  const reader = createSliceReader({ log, records, now: () => now, turn: null });
  const totals = await log.controlTotals(period);
  for (const [index, day] of daysOf(period).entries()) {
    const start = Date.parse(`${day}T00:00:00Z`);
    const from = new Date(Math.max(start, period.from.getTime()));
    const to = new Date(Math.min(start + dayMs, period.to.getTime()));
    const [first, end] = [hourName(from.getTime()), hourName(to.getTime() - 1)];
    const hours = new Map([...totals].filter(([hour]) => hour >= first && hour <= end));
    if (index === 0 || hours.size > 0) await reader.read({ from, to, totals: hours });
  }
  const readTo = new Date(Math.min(period.to.getTime(), now.getTime())).toISOString();
  const since = period.from.toISOString();
  const rest = { format: 1 as const, held: {}, unread: [], queries: reader.queries() };
  await saveRetrievalCollection(records, { ...rest, since, readTo, watermark: readTo }, null);
}
