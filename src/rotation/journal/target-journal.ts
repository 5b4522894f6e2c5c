import { hash } from 'node:crypto';
import { type JsonValue, canonicalJson } from '../../provenance/canonical-json.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { type NewEntry, refusedTransition } from './check-transition.ts';
import { type JournalEntry, parseJournalEntry } from './journal-entry.ts';

import { withEntry } from './follow-entry.ts';
import { emptyState, type TargetState } from './target-state.ts';

const folder = 'journal/';

/** A target's journal as it was read: its entries, and where they leave the target. */
export interface TargetJournal {
  readonly state: TargetState;
  readonly entries: readonly JournalEntry[];
}

/**
 * Reads a target's journal and checks every link and every transition. Empty when there is none. `known`: as an earlier read
 * returned it; then what was added since is read, which is two reads where nothing was. One that no longer has its newest entry
 * is read from its start.
 * @throws ServiceError `RECORD_UNREADABLE` when an entry is missing, altered, of another format, or cannot follow.
 */
export async function readJournal(
  records: RecordStore,
  target: string,
  known: TargetJournal | null = null,
): Promise<TargetJournal> {
  if (known !== null && (await isKept(records, known.state))) return await readOn(records, known);
  const paths: string[] = [];
  for await (const path of records.list(`${folder}${target}/`)) paths.push(path);
  const read = await Promise.all(paths.map((path) => readEntry(records, path)));
  let journal: TargetJournal = { state: emptyState(target), entries: [] };
  for (const [index, one] of read.entries()) {
    if (one === null) throw unreadable(paths[index] ?? '', 'It was listed and cannot be read.');
    journal = followed(journal, one, paths[index] ?? '');
  }
  return journal;
}

/** As `readJournal`, from what a process remembers, and remembers it. */
export async function readRemembered(
  { records, memory: { journals } }: { records: RecordStore; memory: { journals: Map<string, TargetJournal> } },
  target: string,
): Promise<TargetJournal> {
  const journal = await readJournal(records, target, journals.get(target));
  journals.set(target, journal);
  return journal;
}

async function isKept(records: RecordStore, { target, number, head }: TargetState): Promise<boolean> {
  const newest = number === 0 ? null : await records.read(pathOf(target, number));
  return newest !== null && digestOf(newest.bytes) === head;
}

async function readOn(records: RecordStore, known: TargetJournal): Promise<TargetJournal> {
  let journal = known;
  for (;;) {
    const path = pathOf(known.state.target, journal.state.number + 1);
    const next = await readEntry(records, path);
    if (next === null) return journal;
    journal = followed(journal, next, path);
  }
}

/**
 * Appends one entry, durably, before resolving. Of two workers with the same view of the chain exactly one succeeds.
 * @throws ServiceError `JOURNAL_CONFLICT` when another worker was faster: stop, compensate nothing. `JOURNAL_ENTRY_REFUSED` when
 * the entry cannot follow.
 */
export async function appendEntry(
  records: RecordStore,
  { state, entries }: TargetJournal,
  entry: NewEntry,
): Promise<TargetJournal> {
  const { target } = state;
  const number = state.number + 1;
  const reason = refusedTransition(state, entry);
  if (reason !== null) throw new ServiceError('JOURNAL_ENTRY_REFUSED', { target, number, act: entry.act, reason });
  // A fact that is not there is left out, as it will be read.
  const facts = Object.fromEntries(Object.entries(entry.facts).filter(([, fact]) => fact !== undefined));
  const whole: JournalEntry = { ...entry, format: 1, target, number, previous: state.head, facts };
  const text = canonicalEntry(whole);
  try {
    await records.create(pathOf(target, number), new TextEncoder().encode(`${text}\n`));
  } catch (error) {
    if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
    throw new ServiceError('JOURNAL_CONFLICT', { target, expectedEntry: number }, { cause: error });
  }
  return { state: withEntry(state, whole, hash('sha256', text)), entries: [...entries, whole] };
}

/** Keys of all targets that have a journal, in code-unit order. */
export async function* journalTargets(records: RecordStore): AsyncIterable<string> {
  let last = '';
  for await (const path of records.list(folder)) {
    const target = path.slice(folder.length).split('/')[0] ?? '';
    if (target !== last) yield target;
    last = target;
  }
}

/** The head of each target's chain: what is sealed daily, so that no history can be rewritten unseen. */
export async function journalHeads(
  records: RecordStore,
): Promise<readonly { readonly target: string; readonly entries: number; readonly head: string }[]> {
  const heads = [];
  for await (const target of journalTargets(records)) {
    const { number, head } = (await readJournal(records, target)).state;
    if (head !== null) heads.push({ target, entries: number, head });
  }
  return heads;
}

function followed({ state, entries }: TargetJournal, { entry, digest }: ReadEntry, path: string): TargetJournal {
  const fits = entry.target === state.target && entry.number === state.number + 1 && entry.previous === state.head;
  if (!fits) throw unreadable(path, 'The chain of hashes is broken here.');
  const reason = refusedTransition(state, entry);
  if (reason !== null) throw unreadable(path, `It cannot follow: ${reason}`);
  return { state: withEntry(state, entry, digest), entries: [...entries, entry] };
}

interface ReadEntry {
  readonly entry: JournalEntry;
  readonly digest: string;
}

async function readEntry(records: RecordStore, path: string): Promise<ReadEntry | null> {
  const record = await records.read(path);
  if (record === null) return null;
  return { entry: parseJournalEntry(record.bytes, path), digest: digestOf(record.bytes) };
}

/** Of the entry without its line end. Bytes that are not canonical have another digest, and so break the chain. */
function digestOf(bytes: Uint8Array): string {
  return hash('sha256', bytes.at(-1) === lineEnd ? bytes.subarray(0, -1) : bytes);
}

const lineEnd = 10;

function pathOf(target: string, number: number): string {
  return `${folder}${target}/${String(number).padStart(6, '0')}.json`;
}

function unreadable(path: string, reason: string): ServiceError {
  return new ServiceError('RECORD_UNREADABLE', { path, reason });
}

/** An entry has no member that canonical JSON could not write; the compiler does not see it through optional members. */
export function canonicalEntry(entry: JournalEntry): string {
  return canonicalJson(JSON.parse(JSON.stringify(entry)) as JsonValue);
}
