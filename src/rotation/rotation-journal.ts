import { hash } from 'node:crypto';
import { type JsonValue, canonicalJson } from '../provenance/canonical-json.ts';
import type { RecordStore } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import type { JournalEntry } from './journal-entry.ts';
import { parseJournalEntry } from './parse-journal-entry.ts';

const folder = 'journal/';

/** An entry before it has its place in the chain. */
export type NewEntry = Omit<JournalEntry, 'format' | 'rotationId' | 'number' | 'previous'>;

/**
 * All entries of a rotation, in order; empty when there is no such rotation.
 * @throws ServiceError `RECORD_UNREADABLE` when an entry is missing, altered, or not of this format.
 */
export async function readJournal(records: RecordStore, rotationId: string): Promise<readonly JournalEntry[]> {
  const paths: string[] = [];
  for await (const path of records.list(`${folder}${rotationId}/`)) paths.push(path);
  const entries = await Promise.all(paths.map((path) => readEntry(records, path)));
  let previous: string | null = null;
  for (const [index, entry] of entries.entries()) {
    const path = paths[index] ?? '';
    const fits = entry.rotationId === rotationId && entry.number === index + 1 && entry.previous === previous;
    if (!fits) throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'The chain of hashes is broken here.' });
    previous = digestOf(entry);
  }
  return entries;
}

/**
 * Appends one entry, durably, before resolving. Of two workers with the same view of the chain exactly one succeeds.
 * @throws ServiceError `JOURNAL_CONFLICT` when another worker was faster, or has a newer fence: stop, compensate nothing.
 */
export async function appendEntry(
  records: RecordStore,
  rotationId: string,
  entries: readonly JournalEntry[],
  entry: NewEntry,
): Promise<JournalEntry> {
  const last = entries.at(-1);
  const number = entries.length + 1;
  if (last !== undefined && last.fence > entry.fence) {
    throw new ServiceError('JOURNAL_CONFLICT', { rotationId, expectedEntry: number });
  }
  const whole: JournalEntry = {
    ...entry,
    format: 1,
    rotationId,
    number,
    previous: last === undefined ? null : digestOf(last),
  };
  const path = `${folder}${rotationId}/${String(number).padStart(6, '0')}.json`;
  const text = canonicalEntry(whole);
  const bytes = new TextEncoder().encode(`${text}\n`);
  try {
    await records.create(path, bytes);
  } catch (error) {
    if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
    throw new ServiceError('JOURNAL_CONFLICT', { rotationId, expectedEntry: number }, { cause: error });
  }
  digested(whole, text);
  return whole;
}

/** Whether there is such a rotation. Looks at names alone: whether its journal can be read is for whoever reads it. */
export async function hasJournal(records: RecordStore, rotationId: string): Promise<boolean> {
  for await (const _path of records.list(`${folder}${rotationId}/`)) return true;
  return false;
}

/** Ids of all rotations, in code-unit order. */
export async function* rotationIds(records: RecordStore): AsyncIterable<string> {
  let last = '';
  for await (const path of records.list(folder)) {
    const rotationId = path.slice(folder.length).split('/')[0] ?? '';
    if (rotationId !== last) yield rotationId;
    last = rotationId;
  }
}

/** The head of each rotation's chain: what is sealed daily, so that no history can be rewritten unseen. */
export async function journalHeads(
  records: RecordStore,
): Promise<readonly { readonly rotationId: string; readonly entries: number; readonly head: string }[]> {
  const heads = [];
  for await (const rotationId of rotationIds(records)) {
    const entries = await readJournal(records, rotationId);
    const last = entries.at(-1);
    if (last !== undefined) heads.push({ rotationId, entries: entries.length, head: digestOf(last) });
  }
  return heads;
}

/** Digests of entries that were read or written here: the chain is walked often, and hashed once. */
const digests = new WeakMap<JournalEntry, string>();

/** sha256 of an entry in canonical JSON, hexadecimal. */
export function digestOf(entry: JournalEntry): string {
  return digests.get(entry) ?? digested(entry, canonicalEntry(entry));
}

/** `text`: the entry as it is stored. Bytes that are not canonical give another digest, and so break the chain. */
function digested(entry: JournalEntry, text: string): string {
  const digest = hash('sha256', text);
  digests.set(entry, digest);
  return digest;
}

async function readEntry(records: RecordStore, path: string): Promise<JournalEntry> {
  const record = await records.read(path);
  if (record === null)
    throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'It was listed and cannot be read.' });
  const known = entriesOfBytes.get(record.bytes);
  if (known !== undefined) return known;
  const entry = parseJournalEntry(record.bytes, path);
  digested(entry, utf8.decode(record.bytes).replace(/\n$/, ''));
  entriesOfBytes.set(record.bytes, entry);
  return entry;
}

const utf8 = new TextDecoder();
/** A store that gives the very bytes it gave before, as one in memory does, has them parsed and hashed once. */
const entriesOfBytes = new WeakMap<Uint8Array, JournalEntry>();

/** An entry has no member that canonical JSON could not write; the compiler does not see it through optional members. */
function canonicalEntry(entry: JournalEntry): string {
  return canonicalJson(JSON.parse(JSON.stringify(entry)) as JsonValue);
}
