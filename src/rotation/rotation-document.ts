import { type JsonValue, canonicalJson } from '../provenance/canonical-json.ts';
import type { RecordStore, Revision } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';

/**
 * Reads a small record that is replaced in place; `null` when there is none.
 * `parse` returns `null` for what is not of its format. @throws ServiceError `RECORD_UNREADABLE` for that.
 */
export async function readDocument<Value>(
  records: RecordStore,
  path: string,
  parse: (value: unknown) => Value | null,
): Promise<{ readonly value: Value; readonly revision: Revision } | null> {
  const record = await records.read(path);
  if (record === null) return null;
  const value = parse(jsonOf(record.bytes));
  if (value === null) throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'It is not of format 1.' });
  return { value, revision: record.revision };
}

/** Creates the record, or replaces the revision that was read. Returns the new revision, or `null` when another was faster. */
export async function writeDocument(
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

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
