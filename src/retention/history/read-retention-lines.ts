import type { RecordStore } from '../../records/record-store.ts';
import { entriesFolder, headOf, readRetention, retentionEntryText } from '../retention-record.ts';

/** The record of deletions and holds, as a pack states a journal. */
export interface RetentionLines {
  /** Its folder among the records. */
  readonly journal: string;
  readonly entries: number;
  /** Digest of the newest entry, whose text is the last of `lines`. */
  readonly head: string;
  /** Entries written since `from`, and in any case the newest, in order: each the text of its record, without line end. */
  readonly lines: readonly string[];
}

/**
 * The record of deletions and holds, with what anybody needs to recompute its head; nothing if there is none.
 * @throws ServiceError `RECORD_UNREADABLE` for a record whose chain is broken.
 */
export async function* readRetentionLines(records: RecordStore, from: Date): AsyncIterable<RetentionLines> {
  const entries = await readRetention(records);
  const head = headOf(entries);
  if (head === null) return;
  const shown = entries.filter(({ at }, index) => Date.parse(at) >= from.getTime() || index === entries.length - 1);
  const journal = entriesFolder.slice(0, -1);
  yield { journal, entries: entries.length, head, lines: shown.map(retentionEntryText) };
}
