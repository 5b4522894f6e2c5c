import type { Logger } from '../../log/logger.ts';
import { matterOf } from '../../notify/matter-of.ts';
import type { NotificationOutbox } from '../../notify/notification-outbox.ts';
import type { NotificationEvent } from '../../notify/notification-event.ts';
import type { PackSummary } from '../../evidence/pack/pack-archive.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { readOpenHistories } from '../../rotation/history/read-open-histories.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { Reconciled } from '../../rotation/reconcile-rotations.ts';
import { eventsOfPass, eventsOfReports, failureEvent } from './events-of-pass.ts';
import { isOver } from './is-over.ts';
import { matterBook, type OpenMatter } from './matter-book.ts';
import type { TrackedPass } from './remind-people.ts';

interface Dependencies {
  /** `null` if no channel is configured: then nothing is announced. */
  readonly outbox: NotificationOutbox | null;
  readonly records: RecordStore;
  readonly logger: Logger;
  readonly now: () => Date;
}

type SealingKeyEnds = Extract<NotificationEvent, { readonly type: 'sealing-key.ends' }>;

/** Tells people of what they must know. It never rejects: the work that it tells of is done, and counts. */
export interface Caller {
  /** After a pass over the rotations: those that wait for a person, what prevents others, and what people must replace. */
  afterPass(result: Reconciled, pass?: TrackedPass): Promise<void>;
  /** After scheduled work failed. */
  afterFailure(work: string, error: unknown): Promise<void>;
  /** After log rows were collected: `events` are the gaps and missed reports that there are now; other ones are over. */
  afterCollection(events: readonly NotificationEvent[]): Promise<void>;
  /** After reports were made: each of the last week that nobody was told of. */
  afterReports(packs: readonly PackSummary[]): Promise<void>;
  /** After this process looked at the key that seals packs: `reminder` is due now; that of another key is over. */
  afterSealing(reminder: SealingKeyEnds | null): Promise<void>;
  /** After a day was audited: what somebody must explain. */
  afterAudit(suspicious: readonly NotificationEvent[]): Promise<void>;
  /** After scheduled work succeeded: what was told of it is over. */
  afterSuccess(work: string): Promise<void>;
}

/** Kinds of messages that end in other ways than a pass over rotations. */
const ofWork: ReadonlySet<string> = new Set<NotificationEvent['type']>(['work.failed', 'source.unreachable']);
const ofCollection: ReadonlySet<string> = new Set<NotificationEvent['type']>(['log.gap', 'report.missed']);

const noReminders: TrackedPass = { reminders: [], newest: new Map() };

export function createCaller({ outbox, records, logger, now }: Dependencies): Caller {
  if (outbox === null) {
    const nothing = (): Promise<void> => Promise.resolve();
    return {
      afterPass: nothing,
      afterFailure: nothing,
      afterSuccess: nothing,
      afterCollection: nothing,
      afterReports: nothing,
      afterSealing: nothing,
      afterAudit: nothing,
    };
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
    afterFailure: async (work, error) => await guarded(async () => await tell([failureEvent(work, error, now())])),
    afterCollection: async (events) =>
      await guarded(async () => {
        await tell(events);
        const matters = new Set(events.map(matterOf));
        await endMatters(({ type, matter }) => ofCollection.has(type) && !matters.has(matter));
      }),
    afterReports: async (packs) => await guarded(async () => await announce(eventsOfReports(packs, now()))),
    afterSealing: async (reminder) =>
      await guarded(async () => {
        await tell(reminder === null ? [] : [reminder]);
        const still = reminder === null ? null : matterOf(reminder);
        await endMatters(({ type, matter }) => type === 'sealing-key.ends' && matter !== still);
      }),
    afterAudit: async (suspicious) => await guarded(async () => await announce(suspicious)),
    afterSuccess: async (work) =>
      await guarded(async () => await endMatters(({ type, about }) => ofWork.has(type) && about === work)),
  };

  async function announce(events: readonly NotificationEvent[]): Promise<void> {
    for (const event of events) await outbox?.announce(event);
  }

  /** Announces what will be over some day. */
  async function tell(events: readonly NotificationEvent[]): Promise<void> {
    await announce(events);
    await book.note(events);
  }

  /** Told first and taken off after: a process that dies between the two tells it again, under the same id. */
  async function endMatters(isEnded: (matter: OpenMatter) => boolean): Promise<void> {
    const ended = (await book.open()).filter(isEnded);
    for (const { matter, about, since } of ended) await outbox?.announce({ type: 'matter.over', matter, about, since });
    if (ended.length > 0) await book.close(ended);
  }

  async function guarded(act: () => Promise<void>): Promise<void> {
    try {
      await act();
      await outbox?.deliver();
    } catch (error) {
      logger.error('People could not be told; the next pass tries again.', { error });
    }
  }
}
