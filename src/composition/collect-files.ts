import { saveRetrievalCollection } from '../audit/collection/retrieval-collection.ts';
import { createSliceOfLines, slicePlace } from '../audit/collection/slice.ts';
import type { ReportingPeriod } from '../audit/model/audited-period.ts';
import { daysOf } from '../audit/model/calendar.ts';
import type { FileRetrievalLog } from '../files/file-retrieval-log.ts';
import type { RecordStore } from '../records/record-store.ts';
import { dayMs } from '../secrets/duration.ts';

/**
 * Fills a record store with rows of files, as the collectors fill it from Azure, for one period: one slice for each day
 * that has rows. Rows without a readable time go to the first day.
 */
export async function collectFiles(
  log: FileRetrievalLog,
  { records, period, now }: { readonly records: RecordStore; readonly period: ReportingPeriod; readonly now: Date },
): Promise<void> {
  const totals = totalsOfDays(await log.controlTotals(period));
  const queries: Record<string, { readonly name: string; readonly text: string }> = {};
  for (const [index, day] of daysOf(period).entries()) {
    const start = Date.parse(`${day}T00:00:00Z`);
    const from = new Date(Math.max(start, period.from.getTime()));
    const to = new Date(Math.min(start + dayMs, period.to.getTime()));
    const controlTotal = totals.get(day) ?? 0;
    if (index > 0 && controlTotal === 0) continue;
    const { bytes, count, rowsSha256, answerSha256, query } = await log.lines({ from, to });
    queries[query.sha256] = { name: query.name, text: query.text };
    const bounds = {
      from: from.toISOString(),
      to: to.toISOString(),
      query: { name: query.name, sha256: query.sha256 },
    };
    const about = { format: 1, ...bounds, controlTotal, count, added: count, answers: [answerSha256] } as const;
    await createSliceOfLines(
      records,
      await slicePlace(records, bounds),
      { ...about, rowsSha256, collectedAt: now.toISOString() },
      bytes,
    );
  }
  const readTo = new Date(Math.min(period.to.getTime(), now.getTime())).toISOString();
  const since = period.from.toISOString();
  const rest = { format: 1 as const, held: {}, unread: [], queries };
  await saveRetrievalCollection(records, { ...rest, since, readTo, watermark: readTo }, null);
}

function totalsOfDays(hours: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const days = new Map<string, number>();
  for (const [hour, count] of hours) {
    const day = hour.slice(0, 10);
    days.set(day, (days.get(day) ?? 0) + count);
  }
  return days;
}
