import type { z } from 'zod';
import { parseRecord } from '../../records/parse-record.ts';
import type { RecordStore, Revision } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';

const encoder = new TextEncoder();

/** A record of JSON with its revision, or `null` if there is none. @throws ServiceError `RECORD_UNREADABLE` if it is not of this shape. */
export async function readStoredJson<Content>(
  records: RecordStore,
  path: string,
  shape: z.ZodType<Content>,
): Promise<{ readonly value: Content; readonly revision: Revision } | null> {
  const stored = await records.read(path);
  return stored === null ? null : { value: parseRecord(shape, stored.bytes, path), revision: stored.revision };
}

/** Writes a record of JSON that must not exist yet. Returns `false` if it exists, because another worker created it first. */
export async function createJson(records: RecordStore, path: string, value: object): Promise<boolean> {
  try {
    await records.create(path, jsonBytes(value));
    return true;
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_EXISTS')) return false;
    throw error;
  }
}

/** The bytes of a record: JSON and a line feed. */
export function jsonBytes(value: object): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}
