import { hash } from 'node:crypto';
import type { Logger } from '../log/logger.ts';
import type { RecordStore } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import type { Channel } from './channel.ts';
import { type NotificationEvent, notificationId } from './notification-event.ts';
import type { Notification } from './notifier.ts';
import { outboxRecord, type Pending } from './outbox-record.ts';
import { releaseOf } from './timing.ts';

const minuteMs = 60_000;
/** Waits between tries. After the last one the message is given up: that is three days in all. */
const waitsMs = [5, 15, 60, 180, 360, 720, 1_440, 1_440].map((minutes) => minutes * minuteMs);

interface Dependencies {
  readonly records: RecordStore;
  readonly channel: Channel;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Notifications of one channel that wait to be sent, on record, so that neither a crash nor a receiver that is away loses one. */
export interface ChannelOutbox {
  /**
   * Puts an event on record as one to be told, unless it was told or put there before. A channel that does not take it
   * ignores it.
   * @throws ServiceError `RECORD_…`.
   */
  announce(event: NotificationEvent): Promise<void>;
  /**
   * Sends what is due. A message that fails is tried again later; the others then wait for the next call, so that a
   * receiver that is away costs a pass one timeout. Returns how many were sent.
   * @throws ServiceError `RECORD_…`.
   */
  deliver(): Promise<number>;
  /** How many wait. @throws ServiceError `RECORD_…`. */
  pending(): Promise<number>;
}

/**
 * Sends first and records second: a process that dies between the two sends the same id again, and one that recorded
 * first would lose the message. Two instances at once may also both send. So each event is delivered at least once, with
 * an id that stays the same.
 */
export function channelOutbox({ records, channel, logger, now }: Dependencies): ChannelOutbox {
  const { name, notifier } = channel;
  const record = outboxRecord(records, name);
  return {
    async announce(event) {
      if (!channel.takes(event)) return;
      const id = notificationId(event);
      if (await record.isSettled(id)) return;
      const { at: released, inDigest } = releaseOf(event, now(), channel.timing);
      const nextTryAt = released.toISOString();
      const digest = inDigest ? { digest: nextTryAt } : {};
      const one = { id, at: now().toISOString(), event, tries: 0, nextTryAt, ...digest };
      await record.change((pending) => (pending.some((other) => other.id === id) ? null : [...pending, one]));
    },

    async deliver() {
      let sent = 0;
      const due = (await record.pending()).filter(({ nextTryAt }) => Date.parse(nextTryAt) <= now().getTime());
      for (const together of inMessages(due)) {
        const open: Pending[] = [];
        // Another instance may have sent it since the list was read, or died before it took it off.
        for (const one of together) if (!(await record.isSettled(one.id))) open.push(one);
        const [first] = open;
        if (first !== undefined) {
          const failure = await trySending(first, open);
          if (failure !== null) {
            await postpone(first, open, failure);
            return sent;
          }
          sent += 1;
          for (const { id } of open) await record.settle(id, 'delivered', now());
        }
        await remove(together);
      }
      return sent;
    },

    pending: async () => (await record.pending()).length,
  };

  async function trySending(first: Pending, open: readonly Pending[]): Promise<ServiceError | null> {
    const message = messageFor(first, open);
    try {
      await notifier.send(message);
      logger.info('Told a person.', { channel: name, notification: message.id, event: message.event.type });
      return null;
    } catch (error) {
      if (!ServiceError.is(error)) throw error;
      return error;
    }
  }

  async function postpone(first: Pending, open: readonly Pending[], error: ServiceError): Promise<void> {
    const waitMs = waitsMs[first.tries];
    const fields = { channel: name, notification: first.id, event: first.event.type, error };
    if (waitMs === undefined) {
      logger.error('A notification is given up: its receiver did not accept it for three days.', fields);
      for (const { id } of open) await record.settle(id, 'given-up', now());
      await remove(open);
      return;
    }
    const retryAt = new Date(now().getTime() + waitMs);
    // Once for each message: the tries that follow are no news.
    if (first.tries === 0)
      logger.warn('A notification could not be delivered and is tried again.', { ...fields, retryAt });
    const later = { tries: first.tries + 1, nextTryAt: retryAt.toISOString() };
    const ids = new Set(open.map(({ id }) => id));
    await record.change((pending) => pending.map((other) => (ids.has(other.id) ? { ...other, ...later } : other)));
  }

  async function remove(gone: readonly Pending[]): Promise<void> {
    const ids = new Set(gone.map(({ id }) => id));
    await record.change((pending) => pending.filter(({ id }) => !ids.has(id)));
  }
}

/** What is sent in one message: each by itself, but for the ones of one digest. */
function inMessages(due: readonly Pending[]): readonly (readonly Pending[])[] {
  return [...Map.groupBy(due, ({ digest, id }) => digest ?? id).values()];
}

/** One event is told as it is; the id of a digest is made of those of its events. */
function messageFor(first: Pending, open: readonly Pending[]): Notification {
  const at = new Date(first.at);
  if (open.length === 1) return { id: first.id, at, event: first.event };
  const ids = open.map(({ id }) => id).sort();
  const events = open.map(({ event }) => event);
  return { id: `msg_${hash('sha256', ids.join()).slice(0, 32)}`, at, event: { type: 'digest', events } };
}
