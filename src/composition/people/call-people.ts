import type { Logger } from '../../log/logger.ts';
import type { NotificationOutbox } from '../../notify/notification-outbox.ts';
import type { NotificationEvent } from '../../notify/notification-event.ts';
import type { PackSummary } from '../../evidence/pack/pack-archive.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { readOpenHistories } from '../../rotation/history/read-open-histories.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { Reconciled } from '../../rotation/reconcile-rotations.ts';
import { eventsOfPass, eventsOfReports } from './events-of-pass.ts';
import { isOver, type TrackedPass } from './is-over.ts';
import { matterBook, type OpenMatter } from './matter-book.ts';
import { ServiceError } from '../../service-error.ts';

interface Dependencies {
  /** `null` if no channel is configured: then nothing is announced. */
  readonly outbox: NotificationOutbox | null;
  readonly records: RecordStore;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Tells people of what they must know. It never rejects: the work that it tells of is done, and counts. */
export interface Caller {
  /** After a pass over the rotations: those that wait for a person, what prevents others, and what people must replace. */
  afterPass(result: Reconciled, pass?: TrackedPass): Promise<void>;
  /** After scheduled work failed. */
  afterFailure(work: string, error: unknown): Promise<void>;
  /** After reports were made: each of the last week that nobody was told of. */
  afterReports(packs: readonly PackSummary[]): Promise<void>;
  /** After scheduled work succeeded: what was told of it is over. */
  afterSuccess(work: string): Promise<void>;
}

const noReminders: TrackedPass = { reminders: [], newest: new Map() };

export function createCaller({ outbox, records, logger, now }: Dependencies): Caller {
  if (outbox === null) {
    const nothing = (): Promise<void> => Promise.resolve();
    return { afterPass: nothing, afterFailure: nothing, afterSuccess: nothing, afterReports: nothing };
  }
  const book = matterBook(records, now);
  return {
    afterPass: async (result, pass = noReminders) =>
      await guarded(async () => {
        const histories: RotationHistory[] = [];
        for await (const history of readOpenHistories(records)) histories.push(history);
        await tell(eventsOfPass(result, { ...pass, histories, now: now() }));
        await endMatters((matter) => isOver(matter, result, { ...pass, histories, now: now() }));
      }),
    afterFailure: async (work, error) =>
      await guarded(async () => {
        const code = ServiceError.is(error) ? error.code : 'UNEXPECTED';
        await tell([{ type: 'work.failed', work, code, day: today() }]);
      }),
    // All of a week, not those of this run alone: a process may die between the seal and the message.
    afterReports: async (packs) =>
      await guarded(async () => {
        await tell(eventsOfReports(packs, now()));
      }),
    afterSuccess: async (work) =>
      await guarded(async () => await endMatters(({ type, about }) => type === 'work.failed' && about === work)),
  };

  async function tell(events: readonly NotificationEvent[]): Promise<void> {
    for (const event of events) await outbox?.announce(event);
    await book.note(events);
  }

  /** Told first and taken off after: a process that dies between the two tells it again, under the same id. */
  async function endMatters(isEnded: (matter: OpenMatter) => boolean): Promise<void> {
    const ended = (await book.open()).filter(isEnded);
    for (const { matter, about, since } of ended) await outbox?.announce({ type: 'matter.over', matter, about, since });
    if (ended.length > 0) await book.close(ended);
  }

  async function guarded(announce: () => Promise<void>): Promise<void> {
    try {
      await announce();
      await outbox?.deliver();
    } catch (error) {
      logger.error('People could not be told; the next pass tries again.', { error });
    }
  }

  /** A fault that lasts is told once a day. */
  function today(): string {
    return now().toISOString().slice(0, 10);
  }
}
