import type { RecordStore } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import { readDocument, writeDocument } from './rotation-document.ts';
import { digestName } from './rotation-id.ts';

/** What must be known of a unit before its next rotation. Kept in a record because instances share no memory. */
export interface UnitRecord {
  readonly format: 1;
  readonly unit: string;
  /** Rotations that have not ended, oldest first. */
  readonly open: readonly string[];
  /** When rotations were claimed, newest last; what is older than a day is dropped at the next claim. */
  readonly claimedAt: readonly string[];
  /** The newest rotation that has ended, or `null`: a version that names another one is looked up in the journal. */
  readonly ended: string | null;
  /** When the providers and versions of this unit were last searched for leftovers; `null` when never. */
  readonly sweptAt: string | null;
}

/** The unit's record; an empty one when there is none yet. */
export async function readUnit(records: RecordStore, unit: string): Promise<UnitRecord> {
  const found = await readDocument(records, pathOf(unit), parseUnitRecord);
  return found?.value ?? { format: 1, unit, open: [], claimedAt: [], ended: null, sweptAt: null };
}

/**
 * Changes the unit's record, however many workers do.
 * `change` is called again when another was faster; it must not act on anything else.
 */
export async function changeUnit(
  records: RecordStore,
  unit: string,
  change: (before: UnitRecord) => UnitRecord,
): Promise<UnitRecord> {
  for (let tries = 0; tries < 20; tries += 1) {
    const found = await readDocument(records, pathOf(unit), parseUnitRecord);
    const before = found?.value ?? { format: 1, unit, open: [], claimedAt: [], ended: null, sweptAt: null };
    const after = change(before);
    if (after === before) return before;
    const written = await writeDocument(records, pathOf(unit), { ...after }, found?.revision ?? null);
    if (written !== null) return after;
  }
  throw new ServiceError('RECORD_CHANGED', { path: pathOf(unit) });
}

function pathOf(unit: string): string {
  return `units/${digestName([unit])}.json`;
}

function parseUnitRecord(value: unknown): UnitRecord | null {
  if (typeof value !== 'object' || value === null) return null;
  const { format, unit, open, claimedAt, ended, sweptAt } = value as Partial<Record<string, unknown>>;
  if (format !== 1 || typeof unit !== 'string' || !isTexts(open) || !isTexts(claimedAt)) return null;
  if (!isTextOrNull(ended) || !isTextOrNull(sweptAt)) return null;
  return { format, unit, open, claimedAt, ended, sweptAt };
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}
