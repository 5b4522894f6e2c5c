import { ServiceError } from '../service-error.ts';
import type { SessionBook } from './journal/session-book.ts';
import type { SessionJournal } from './journal/session-journal.ts';

/**
 * Decides and appends as if this were the session's only request: if another broker appended first, before this request
 * did anything, it looks again and acts again.
 */
export async function inTurn<Result>(
  sessions: SessionBook,
  session: string,
  act: (journal: SessionJournal) => Promise<Result>,
): Promise<Result> {
  return await sessions.inTurn(session, async (newest) => {
    for (let journal = newest; ; journal = await sessions.read(session)) {
      try {
        return await act(journal);
      } catch (error) {
        if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
      }
    }
  });
}
