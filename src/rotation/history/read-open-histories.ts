import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import { readIndex } from '../journal/target-index.ts';
import { readJournal } from '../journal/target-journal.ts';
import { historiesOf, partsOf } from './read-rotation-histories.ts';
import type { RotationHistory } from './rotation-history.ts';

/**
 * What the rotations did that are not over, or that ended in needing attention, one history for each secret. Reads the journals
 * of open targets alone. A journal that cannot be read is passed over: the pass that reads it says so.
 */
export async function* readOpenHistories(records: RecordStore): AsyncIterable<RotationHistory> {
  for (const [target, { open, wakeAt }] of await readIndex(records)) {
    if (!open && wakeAt === null) continue;
    try {
      const journal = await readJournal(records, target);
      for (const { rotation, entries } of partsOf(journal)) {
        const isLast = rotation === journal.state.rotations.at(-1);
        if (rotation.result === null || (rotation.result === 'failed' && isLast))
          yield* historiesOf(journal.state, rotation, entries);
      }
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_UNREADABLE')) throw error;
    }
  }
}
