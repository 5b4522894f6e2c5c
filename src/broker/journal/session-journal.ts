import { hash } from 'node:crypto';
import { canonicalJson, type JsonValue } from '../../provenance/canonical-json.ts';
import { parseRecord } from '../../records/parse-record.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { type BrokerEntry, brokerEntryShape, type BrokerFacts } from './broker-entry.ts';
import { refusedEntry, type SessionState, withEntry } from './session-state.ts';

export const brokerFolder = 'broker/';

/** A session's journal as it was read. `state` is `null` before its first entry. */
export interface SessionJournal {
  readonly session: string;
  readonly state: SessionState | null;
  readonly entries: readonly BrokerEntry[];
  /** Digest of the newest entry. */
  readonly head: string | null;
}

/** The name of a task's session. Task ids grow, so the names of one Gitea are in the order of their tasks. */
export function sessionName(instance: string, taskId: number): string {
  return `${instance}-${String(taskId).padStart(12, '0')}`;
}

/**
 * Reads the journal of a session from its first entry, and checks every link. Empty if there is none.
 * @throws ServiceError `RECORD_UNREADABLE` if an entry is altered, of another format, or cannot follow.
 */
export async function readSession(records: RecordStore, session: string): Promise<SessionJournal> {
  return await readFollowing(records, { session, state: null, entries: [], head: null });
}

/**
 * Reads what was added to a journal since it was read before: two reads at once where nothing was. A journal that no longer
 * has its newest entry as it was is read from its start. @throws ServiceError as `readSession`
 */
export async function readSessionOn(records: RecordStore, known: SessionJournal): Promise<SessionJournal> {
  const { session, entries, head } = known;
  if (entries.length === 0) return await readSession(records, session);
  const path = pathOf(session, entries.length);
  const [newest, on] = await Promise.all([records.read(path), readFollowing(records, known)]);
  const isSame = newest !== null && hash('sha256', new TextDecoder().decode(newest.bytes).trimEnd()) === head;
  return isSame ? on : await readSession(records, session);
}

async function readFollowing(records: RecordStore, known: SessionJournal): Promise<SessionJournal> {
  let journal = known;
  for (;;) {
    const path = pathOf(journal.session, journal.entries.length + 1);
    const stored = await records.read(path);
    if (stored === null) return journal;
    journal = followed(journal, parseRecord(brokerEntryShape, stored.bytes, path), path);
  }
}

/**
 * Appends one entry, durably, before it resolves. Of two brokers with the same view exactly one succeeds.
 * @throws ServiceError `RECORD_EXISTS` if another broker was faster: read again and decide again.
 * `BROKER_ENTRY_REFUSED` if the entry cannot follow.
 */
export async function appendToSession(
  records: RecordStore,
  journal: SessionJournal,
  { at, facts }: { readonly at: Date; readonly facts: BrokerFacts },
): Promise<SessionJournal> {
  const { session, state, entries, head } = journal;
  const number = entries.length + 1;
  const reason = refusedEntry(state, facts);
  if (reason !== null) throw new ServiceError('BROKER_ENTRY_REFUSED', { session, act: facts.act, reason });
  const entry: BrokerEntry = { format: 1, session, number, previous: head, at: at.toISOString(), facts };
  await records.create(pathOf(session, number), new TextEncoder().encode(`${sessionEntryText(entry)}\n`));
  return withFollowing(journal, entry);
}

function followed(journal: SessionJournal, entry: BrokerEntry, path: string): SessionJournal {
  const { session, state, entries, head } = journal;
  const fits = entry.session === session && entry.number === entries.length + 1 && entry.previous === head;
  const reason = fits ? refusedEntry(state, entry.facts) : 'the chain of hashes is broken here';
  if (reason !== null) throw new ServiceError('RECORD_UNREADABLE', { path, reason });
  return withFollowing(journal, entry);
}

function withFollowing({ session, state, entries }: SessionJournal, entry: BrokerEntry): SessionJournal {
  return {
    session,
    state: withEntry(state, entry),
    entries: [...entries, entry],
    head: hash('sha256', sessionEntryText(entry)),
  };
}

/** The text of an entry's record, without its line end: what the entry after it has the digest of. */
export function sessionEntryText(entry: BrokerEntry): string {
  return canonicalJson(entry as unknown as JsonValue);
}

function pathOf(session: string, number: number): string {
  return `${brokerFolder}${session}/${String(number).padStart(5, '0')}.json`;
}
