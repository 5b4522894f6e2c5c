import { hash } from 'node:crypto';
import { canonicalJson, type JsonValue } from '../provenance/canonical-json.ts';
import { parseRecord } from '../records/parse-record.ts';
import type { RecordStore } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import { type RetentionEntry, retentionEntryShape, type RetentionFacts } from './retention-entry.ts';

/** Where the entries are, each in a file of its own. */
export const entriesFolder = 'retention/entries/';

/**
 * Reads every deletion and every hold, in order.
 * @throws ServiceError `RECORD_UNREADABLE` for a record whose chain is broken: nothing may be deleted by it.
 */
export async function readRetention(records: RecordStore): Promise<readonly RetentionEntry[]> {
  const entries: RetentionEntry[] = [];
  let head: string | null = null;
  for await (const path of records.list(entriesFolder)) {
    const stored = await records.read(path);
    const entry = stored === null ? null : parseRecord(retentionEntryShape, stored.bytes, path);
    if (entry === null || entry.number !== entries.length + 1 || entry.previous !== head)
      throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'it does not follow the entry before it' });
    entries.push(entry);
    head = digestOf(entry);
  }
  return entries;
}

/**
 * Appends one entry after those that were read, durably. Returns all of them, or `null` if another process has appended one:
 * read again and decide again.
 */
export async function appendRetention(
  records: RecordStore,
  entries: readonly RetentionEntry[],
  { at, facts }: { readonly at: Date; readonly facts: RetentionFacts },
): Promise<readonly RetentionEntry[] | null> {
  const number = entries.length + 1;
  const previous = headOf(entries);
  const entry: RetentionEntry = { format: 1, number, previous, at: at.toISOString(), facts };
  try {
    const path = `${entriesFolder}${String(number).padStart(8, '0')}.json`;
    await records.create(path, new TextEncoder().encode(`${retentionEntryText(entry)}\n`));
    return [...entries, entry];
  } catch (error) {
    if (ServiceError.is(error, 'RECORD_EXISTS')) return null;
    throw error;
  }
}

/** The digest of the newest entry: with it nobody can take an entry away unseen. `null` if there is none. */
export function headOf(entries: readonly RetentionEntry[]): string | null {
  const last = entries.at(-1);
  return last === undefined ? null : digestOf(last);
}

function digestOf(entry: RetentionEntry): string {
  return hash('sha256', retentionEntryText(entry));
}

/** The text of an entry's record, without its line end: the sha256 of it is the `previous` of the next. */
export function retentionEntryText(entry: RetentionEntry): string {
  return canonicalJson(JSON.parse(JSON.stringify(entry)) as JsonValue);
}
