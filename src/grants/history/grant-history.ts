import type { Person } from '../../provenance/person.ts';
import type { RecordStore } from '../../records/record-store.ts';
import type { GrantEntry, GrantRequest } from '../grant-entry.ts';
import { grantEntryText, grantFolder, grantsOn, readGrant } from '../grant-journal.ts';
import { type Standing, standingOf, withGrantEntry, type GrantState } from '../grant-state.ts';

/** One request for access with what became of it. */
export interface GrantHistory {
  readonly grant: string;
  /** The number of its first entry: a session may ask again. */
  readonly number: number;
  readonly requestedAt: string;
  readonly request: GrantRequest;
  readonly standing: Standing;
  /** Who answered, when and why; `null` while nobody did. */
  readonly answer: {
    readonly says: 'approved' | 'declined';
    readonly by: Person;
    readonly at: string;
    readonly breakGlass: boolean;
    /** The account of Gitea that the approver was shown to have; `null` by break-glass, and for a refusal. */
    readonly account: number | null;
    readonly reason: string;
  } | null;
  /** Entries of the broker's journal that it was spent on. */
  readonly uses: readonly string[];
}

/**
 * Every request for access, in order of the sessions' tasks. `since`: leaves out those that were requested before.
 * @throws ServiceError `RECORD_UNREADABLE` for a journal that does not check.
 */
export async function readGrantHistories(
  records: RecordStore,
  { now, since = new Date(0) }: { readonly now: Date; readonly since?: Date },
): Promise<readonly GrantHistory[]> {
  const found: GrantHistory[] = [];
  for await (const grant of grantsOn(records)) {
    const { entries } = await readGrant(records, grant);
    found.push(...historiesOf(grant, entries, now));
  }
  return found.filter(({ requestedAt }) => Date.parse(requestedAt) >= since.getTime());
}

/** The journal of one request as a pack states it. */
interface GrantLines {
  /** Its folder among the records, `grants/<grant>`. */
  readonly journal: string;
  readonly entries: number;
  /** Digest of the newest entry, whose text is the last of `lines`. */
  readonly head: string;
  /** Every entry of a journal that was written since `from`, in order. */
  readonly lines: readonly string[];
}

/**
 * The journal of every request for access that somebody wrote to since `from`, whole: who asked, who answered, and what it was
 * spent on. @throws ServiceError `RECORD_UNREADABLE` for a journal that does not check.
 */
export async function* readGrantLines(records: RecordStore, from: Date): AsyncIterable<GrantLines> {
  for await (const grant of grantsOn(records)) {
    const { entries, head } = await readGrant(records, grant);
    const isOver = Date.parse(entries.at(-1)?.at ?? '') < from.getTime();
    if (head === null || isOver) continue;
    yield { journal: `${grantFolder}${grant}`, entries: entries.length, head, lines: entries.map(grantEntryText) };
  }
}

function historiesOf(grant: string, entries: readonly GrantEntry[], now: Date): readonly GrantHistory[] {
  const found: GrantHistory[] = [];
  let state: GrantState | null = null;
  for (const entry of entries) {
    state = withGrantEntry(state, entry);
    if (state === null) continue;
    const number = entry.facts.act === 'requested' ? entry.number : (found.pop()?.number ?? entry.number);
    const { request, requestedAt, uses } = state;
    const standing = standingOf(state, now);
    found.push({ grant, number, requestedAt, request, standing, answer: answerOf(entries, number), uses });
  }
  return found;
}

/** The answer to the request of this number: the next entry, if it is one. */
function answerOf(entries: readonly GrantEntry[], number: number): GrantHistory['answer'] {
  const entry = entries[number];
  if (entry?.facts.act !== 'approved' && entry?.facts.act !== 'declined') return null;
  const { facts, at } = entry;
  const breakGlass = facts.act === 'approved' && facts.breakGlass;
  const account = facts.act === 'approved' ? facts.account : null;
  return { says: facts.act, by: facts.by, at, breakGlass, account, reason: facts.text };
}
