import { z } from 'zod';
import { recordedTime } from '../../records/parse-record.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { ReportingPeriod } from '../model/audited-period.ts';
import type { CanaryRead, CanaryReader } from './canary-reader.ts';
import { dayOf, daysOf } from '../model/calendar.ts';
import { createJson, readStoredJson } from './stored-json.ts';

const canaryShape: z.ZodType<{ readonly reads: readonly CanaryRead[] }> = z.object({
  format: z.literal(1),
  reads: z.array(z.object({ vault: z.string(), secret: z.string(), correlationId: z.string(), at: recordedTime })),
});

/**
 * Reads the canary unless it was read in this hour, and records which rows will be Keyturn's. They are filed by the vault's time:
 * what a clock that is days ahead reads belongs to the hour of its row, and must not stand for an hour that is still to come.
 * Returns the reads, one a vault; none if the hour has its own.
 */
export async function readCanaryOnceAnHour(
  records: RecordStore,
  canary: CanaryReader,
  now: Date,
): Promise<readonly CanaryRead[]> {
  if ((await records.read(`${hourPath(now)}.json`)) !== null) return [];
  return await readCanary(records, canary, now);
}

/** Reads the canary although it may have been read in this hour, and records the reads. */
export async function readCanary(
  records: RecordStore,
  canary: CanaryReader,
  now: Date,
): Promise<readonly CanaryRead[]> {
  const reads = await canary.read();
  for (const [path, inHour] of Map.groupBy(reads, ({ at }) => hourPath(new Date(at)))) {
    const record = { format: 1, reads: inHour };
    // Two workers in one hour: both reads are Keyturn's, so both are kept.
    if (!(await createJson(records, `${path}.json`, record))) {
      await createJson(records, `${path}-${String(now.getTime())}.json`, record);
    }
  }
  return reads;
}

function hourPath(at: Date): string {
  return `canaries/${dayOf(at)}/${at.toISOString().slice(11, 13)}`;
}

/** Yields Keyturn's own canary reads in the period, in order. */
export async function canaryReads(records: RecordStore, period: ReportingPeriod): Promise<readonly CanaryRead[]> {
  const found: CanaryRead[] = [];
  for (const day of daysOf(period)) {
    for await (const path of records.list(`canaries/${day}/`)) {
      const stored = await readStoredJson(records, path, canaryShape);
      found.push(...(stored?.value.reads ?? []));
    }
  }
  return found;
}
