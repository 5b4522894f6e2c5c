import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import type { BrokerFacts } from './broker-entry.ts';
import { appendToSession, readSession, readSessionOn, type SessionJournal } from './session-journal.ts';

/** The journals of sessions, as one process reads and writes them. Other processes may share the records. */
export interface SessionBook {
  /** The journal as it is now. @throws ServiceError `RECORD_UNREADABLE`, `RECORD_STORE_UNREACHABLE` */
  read(session: string): Promise<SessionJournal>;
  /** Appends to the journal as it was read. @throws ServiceError as `appendToSession` */
  append(journal: SessionJournal, entry: { readonly at: Date; readonly facts: BrokerFacts }): Promise<SessionJournal>;
  /**
   * Lets requests of one session read, decide and append one after another, so that a job that sends many at once competes
   * with itself and costs nobody else. `act` gets the newest journal that this process knows.
   */
  inTurn<Result>(session: string, act: (journal: SessionJournal) => Promise<Result>): Promise<Result>;
  /** Counts a request of a session while it is under way. @throws ServiceError `BROKER_BUSY` if the session has too many. */
  during<Result>(session: string, act: () => Promise<Result>): Promise<Result>;
}

interface Options {
  /** The most requests of one session under way at once. */
  readonly mostAtOnce?: number;
  /** The most journals that are kept in memory. */
  readonly mostKept?: number;
}

export function sessionBook(records: RecordStore, { mostAtOnce = 32, mostKept = 500 }: Options = {}): SessionBook {
  /** What was read last is last. */
  const known = new Map<string, SessionJournal>();
  const turns = new Map<string, Promise<unknown>>();
  const underWay = new Map<string, number>();

  function keep(journal: SessionJournal): SessionJournal {
    known.delete(journal.session);
    // An empty journal is kept of nobody: any name may be asked for.
    if (journal.entries.length > 0) known.set(journal.session, journal);
    for (const oldest of known.size > mostKept ? known.keys() : []) {
      known.delete(oldest);
      break;
    }
    return journal;
  }

  const book: SessionBook = {
    async read(session) {
      const before = known.get(session);
      return keep(before === undefined ? await readSession(records, session) : await readSessionOn(records, before));
    },

    async append(journal, entry) {
      try {
        return keep(await appendToSession(records, journal, entry));
      } catch (error) {
        // Another process was faster, or the answer was lost: what this process knows may not be the newest.
        if (!ServiceError.is(error, 'BROKER_ENTRY_REFUSED')) known.delete(journal.session);
        throw error;
      }
    },

    async inTurn(session, act) {
      const before = turns.get(session) ?? Promise.resolve();
      const mine = before.then(async () => await act(known.get(session) ?? (await book.read(session))));
      const settled = mine.then(
        () => undefined,
        () => undefined,
      );
      turns.set(session, settled);
      try {
        return await mine;
      } finally {
        if (turns.get(session) === settled) turns.delete(session);
      }
    },

    async during(session, act) {
      const others = underWay.get(session) ?? 0;
      if (others >= mostAtOnce) throw new ServiceError('BROKER_BUSY', { session, most: mostAtOnce });
      underWay.set(session, others + 1);
      try {
        return await act();
      } finally {
        const left = (underWay.get(session) ?? 1) - 1;
        if (left === 0) underWay.delete(session);
        else underWay.set(session, left);
      }
    },
  };
  return book;
}
