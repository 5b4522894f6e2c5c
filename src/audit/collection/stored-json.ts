import type { RecordStore, Revision } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';

const encoder = new TextEncoder();

/** A record of JSON with its revision, or `null` when there is none. @throws ServiceError `RECORD_UNREADABLE` when it is no JSON of format 1. */
export async function readStoredJson(
  records: RecordStore,
  path: string,
): Promise<{ readonly value: Record<string, unknown>; readonly revision: Revision } | null> {
  const stored = await records.read(path);
  if (stored === null) return null;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(stored.bytes).toString('utf8'));
  } catch (cause) {
    throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'it is no JSON' }, { cause });
  }
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== 1) {
    throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'it is not of format 1' });
  }
  return { value, revision: stored.revision };
}

/** Writes a record of JSON that must not exist yet. Gives `false` when there is one: somebody was faster. */
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

/** Lines of a record, parsed; empty ones left out. @throws ServiceError `RECORD_UNREADABLE` naming the line. */
export function parseLines(bytes: Uint8Array, path: string): unknown[] {
  const lines = Buffer.from(bytes).toString('utf8').split('\n');
  return lines.flatMap((line, index): unknown[] => {
    if (line === '') return [];
    try {
      return [JSON.parse(line)];
    } catch (cause) {
      throw new ServiceError('RECORD_UNREADABLE', { path, reason: `line ${String(index + 1)} is no JSON` }, { cause });
    }
  });
}
