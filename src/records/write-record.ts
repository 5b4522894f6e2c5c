import { type JsonValue, canonicalJson } from '../provenance/canonical-json.ts';
import { ServiceError } from '../service-error.ts';
import type { RecordStore, Revision } from './record-store.ts';

/**
 * Creates a record of one JSON value, or replaces the revision that was read (`null`: there was none). Returns the new
 * revision, or `null` if another writer was faster. Rejects if the store could not write.
 */
export async function writeRecord(
  records: RecordStore,
  path: string,
  value: JsonValue,
  revision: Revision | null,
): Promise<Revision | null> {
  const bytes = new TextEncoder().encode(`${canonicalJson(value)}\n`);
  try {
    return revision === null ? await records.create(path, bytes) : await records.replace(path, bytes, revision);
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_EXISTS') || ServiceError.is(error, 'RECORD_CHANGED')) return null;
    throw error;
  }
}
