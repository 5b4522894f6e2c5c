import { hash } from 'node:crypto';
import { canonicalJson, type JsonValue } from '../provenance/canonical-json.ts';
import { parseRecord } from '../records/parse-record.ts';
import type { RecordStore } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import { type GrantEntry, grantEntryShape, type GrantFacts } from './grant-entry.ts';
import { type GrantState, refusedGrantEntry, withGrantEntry } from './grant-state.ts';

export const grantFolder = 'grants/';

/** The journal of the requests of one session for one secret. `state` is that of the newest request. */
export interface GrantJournal {
  readonly grant: string;
  readonly state: GrantState | null;
  readonly entries: readonly GrantEntry[];
  readonly head: string | null;
}

/** The name of the requests of a session for a secret: no other run, commit or job can have it. */
export function grantName(session: string, { vault, name }: { readonly vault: string; readonly name: string }): string {
  return `${session}.${hash('sha256', `${vault}/${name}`.toLowerCase()).slice(0, 12)}`;
}

/** Whether a text has the form of a grant's name. */
export function isGrantName(text: string): boolean {
  return /^[0-9a-f]{8}-\d{12}\.[0-9a-f]{12}$/.test(text);
}

/** Reads a journal and checks each link and each transition. Empty if there is none. @throws ServiceError `RECORD_UNREADABLE` */
export async function readGrant(records: RecordStore, grant: string): Promise<GrantJournal> {
  let journal: GrantJournal = { grant, state: null, entries: [], head: null };
  for (;;) {
    const path = pathOf(grant, journal.entries.length + 1);
    const stored = await records.read(path);
    if (stored === null) return journal;
    const entry = parseRecord(grantEntryShape, stored.bytes, path);
    const fits =
      entry.grant === grant && entry.number === journal.entries.length + 1 && entry.previous === journal.head;
    const reason = fits
      ? refusedGrantEntry(journal.state, entry.facts, new Date(entry.at))
      : 'the chain of hashes is broken here';
    if (reason !== null) throw new ServiceError('RECORD_UNREADABLE', { path, reason });
    journal = following(journal, entry);
  }
}

/**
 * Appends one entry, durably. Of two writers with the same view exactly one succeeds.
 * @throws ServiceError `RECORD_EXISTS` if another was faster, `GRANT_ENTRY_REFUSED` if the entry cannot follow now.
 */
export async function appendToGrant(
  records: RecordStore,
  journal: GrantJournal,
  { at, facts }: { readonly at: Date; readonly facts: GrantFacts },
): Promise<GrantJournal> {
  const { grant, state, entries, head } = journal;
  const reason = refusedGrantEntry(state, facts, at);
  if (reason !== null) throw new ServiceError('GRANT_ENTRY_REFUSED', { grant, act: facts.act, reason });
  const entry: GrantEntry = {
    format: 1,
    grant,
    number: entries.length + 1,
    previous: head,
    at: at.toISOString(),
    facts,
  };
  await records.create(pathOf(grant, entry.number), new TextEncoder().encode(`${grantEntryText(entry)}\n`));
  return following(journal, entry);
}

/** The names of all grants, in code-unit order. */
export async function* grantsOn(records: RecordStore): AsyncIterable<string> {
  let last = '';
  for await (const path of records.list(grantFolder)) {
    const grant = path.slice(grantFolder.length).split('/')[0] ?? '';
    if (grant !== last) yield grant;
    last = grant;
  }
}

function following({ grant, state, entries }: GrantJournal, entry: GrantEntry): GrantJournal {
  return {
    grant,
    state: withGrantEntry(state, entry),
    entries: [...entries, entry],
    head: hash('sha256', grantEntryText(entry)),
  };
}

/** The text of an entry's record, without its line end: what the entry after it has the digest of. */
export function grantEntryText(entry: GrantEntry): string {
  return canonicalJson(entry as unknown as JsonValue);
}

function pathOf(grant: string, number: number): string {
  return `${grantFolder}${grant}/${String(number).padStart(5, '0')}.json`;
}
