import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { dayOf, monthOf } from '../model/calendar.ts';
import type { SecretInventoryEntry } from '../model/audited-period.ts';
import { jsonBytes, readStoredJson } from './stored-json.ts';

/** One secret's newest version as the vault lists it, and what the policy says of it. Never a value. */
export interface InventoriedSecret extends Omit<SecretInventoryEntry, 'ageDays' | 'reads' | 'lastReadAt'> {
  readonly tags?: Readonly<Record<string, string>>;
}

/** Keeps what the vaults held at a moment: one snapshot a day, the newest of it. */
export async function recordInventory(
  records: RecordStore,
  entries: readonly InventoriedSecret[],
  at: Date,
): Promise<void> {
  const path = `inventory/${monthOf(at)}/${dayOf(at)}.json`;
  const bytes = jsonBytes({ format: 1, at: at.toISOString(), entries });
  for (;;) {
    const stored = await readStoredJson(records, path);
    try {
      if (stored === null) await records.create(path, bytes);
      else if (String(stored.value['at']) <= at.toISOString()) await records.replace(path, bytes, stored.revision);
      return;
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_EXISTS') && !ServiceError.is(error, 'RECORD_CHANGED')) throw error;
    }
  }
}

/** The newest snapshot at or before a moment; `null` when none was ever taken by then. */
export async function inventoryAt(
  records: RecordStore,
  at: Date,
): Promise<{ readonly at: string; readonly entries: readonly InventoriedSecret[] } | null> {
  const taken: string[] = [];
  for await (const path of records.list('inventory/')) if (path.slice(-15, -5) <= dayOf(at)) taken.push(path);
  // The snapshot of the moment's own day may be later than the moment: then the one before it counts.
  for (const path of taken.slice(-2).reverse()) {
    const stored = await readStoredJson(records, path);
    const takenAt = String(stored?.value['at']);
    if (stored === null || takenAt > at.toISOString()) continue;
    return { at: takenAt, entries: stored.value['entries'] as readonly InventoriedSecret[] };
  }
  return null;
}
