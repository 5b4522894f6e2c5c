import { z } from 'zod';
import { recordedTime } from '../../records/parse-record.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { dayOf, daysOf, monthOf } from '../model/calendar.ts';
import type { InventoriedSecret, InventorySnapshot, ReportingPeriod } from '../model/audited-period.ts';
import { jsonBytes, readStoredJson } from './stored-json.ts';

const snapshotShape: z.ZodType<InventorySnapshot> = z.object({
  format: z.literal(1),
  at: recordedTime,
  entries: z.array(
    z.object({
      vault: z.string(),
      secret: z.string(),
      version: z.string(),
      enabled: z.boolean(),
      created: recordedTime,
      expires: recordedTime.nullable(),
      environment: z.string().nullable(),
      issuer: z.string().nullable(),
      validityDays: z.number().nullable(),
      tracked: z.literal(true).exactOptional(),
      managed: z.literal(true).exactOptional(),
      owner: z.string().exactOptional(),
      own: z.literal(true).exactOptional(),
      tags: z.record(z.string(), z.string()).exactOptional(),
    }),
  ),
});

/** Keeps what the vaults held at a moment: one snapshot a day, the newest of it. */
export async function recordInventory(
  records: RecordStore,
  entries: readonly InventoriedSecret[],
  at: Date,
): Promise<void> {
  const path = `inventory/${monthOf(at)}/${dayOf(at)}.json`;
  const bytes = jsonBytes({ format: 1, at: at.toISOString(), entries });
  for (;;) {
    const stored = await readStoredJson(records, path, snapshotShape);
    try {
      if (stored === null) await records.create(path, bytes);
      else if (stored.value.at <= at.toISOString()) await records.replace(path, bytes, stored.revision);
      return;
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_EXISTS') && !ServiceError.is(error, 'RECORD_CHANGED')) throw error;
    }
  }
}

/** The newest snapshot at or before a moment; `null` when none was ever taken by then. */
export async function inventoryAt(records: RecordStore, at: Date): Promise<InventorySnapshot | null> {
  const taken: string[] = [];
  for await (const path of records.list('inventory/')) if (path.slice(-15, -5) <= dayOf(at)) taken.push(path);
  // The snapshot of the moment's own day may be later than the moment: then the one before it counts.
  for (const path of taken.slice(-2).reverse()) {
    const stored = await readStoredJson(records, path, snapshotShape);
    if (stored === null || stored.value.at > at.toISOString()) continue;
    return { at: stored.value.at, entries: stored.value.entries };
  }
  return null;
}

/** The snapshots of the days of a period, oldest first. The one of a day that the period cuts counts if it was taken inside. */
export async function* snapshotsOf(records: RecordStore, period: ReportingPeriod): AsyncGenerator<InventorySnapshot> {
  for (const day of daysOf(period)) {
    const stored = await readStoredJson(records, `inventory/${day.slice(0, 7)}/${day}.json`, snapshotShape);
    if (stored === null) continue;
    const at = Date.parse(stored.value.at);
    if (at < period.from.getTime() || at >= period.to.getTime()) continue;
    yield { at: stored.value.at, entries: stored.value.entries };
  }
}
