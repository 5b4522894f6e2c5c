import type { RecordStore } from '../../records/record-store.ts';
import { canonicalEntry, journalTargets, readJournal } from '../journal/target-journal.ts';

/** One target's journal as a pack states it. */
export interface JournalLines {
  /** Its folder among the records, `journal/<target>`. */
  readonly journal: string;
  readonly entries: number;
  /** Digest of the newest entry, whose text is the last of `lines`. */
  readonly head: string;
  /** Entries written since `from`, and in any case the newest, in order: each the text of its record, without line end. */
  readonly lines: readonly string[];
}

/**
 * Every target's journal, by target, with what anybody needs to recompute its head and to follow its chain through a period.
 * @throws ServiceError `RECORD_UNREADABLE` for a journal that was altered.
 */
export async function* readJournalLines(records: RecordStore, from: Date): AsyncIterable<JournalLines> {
  for await (const target of journalTargets(records)) {
    const { state, entries } = await readJournal(records, target);
    if (state.head === null) continue;
    const shown = entries.filter(({ at }, index) => Date.parse(at) >= from.getTime() || index === entries.length - 1);
    yield { journal: `journal/${target}`, entries: state.number, head: state.head, lines: shown.map(canonicalEntry) };
  }
}
