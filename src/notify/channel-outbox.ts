import type { Logger } from '../log/logger.ts';
import type { RecordStore } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import type { Channel } from './channel.ts';
import { type NotificationEvent, notificationId } from './notification-event.ts';
import { outboxRecord, type Pending } from './outbox-record.ts';

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
      const at = now().toISOString();
      await record.change((pending) =>
        pending.some((one) => one.id === id) ? null : [...pending, { id, at, event, tries: 0, nextTryAt: at }],
      );
    },

    async deliver() {
      let sent = 0;
      for (const one of (await record.pending()).filter(({ nextTryAt }) => Date.parse(nextTryAt) <= now().getTime())) {
        // Another instance may have sent it since the list was read, or died before it took it off.
        if (!(await record.isSettled(one.id))) {
          const failure = await trySending(one);
          if (failure !== null) {
            await postpone(one, failure);
            return sent;
          }
          sent += 1;
          await record.settle(one.id, 'delivered', now());
        }
        await remove(one.id);
      }
      return sent;
    },

    pending: async () => (await record.pending()).length,
  };

  async function trySending({ id, at, event }: Pending): Promise<ServiceError | null> {
    try {
      await notifier.send({ id, at: new Date(at), event });
      logger.info('Told a person.', { channel: name, notification: id, event: event.type });
      return null;
    } catch (error) {
      if (!ServiceError.is(error)) throw error;
      return error;
    }
  }

  async function postpone(one: Pending, error: ServiceError): Promise<void> {
    const waitMs = waitsMs[one.tries];
    const fields = { channel: name, notification: one.id, event: one.event.type, error };
    if (waitMs === undefined) {
      logger.error('A notification is given up: its receiver did not accept it for three days.', fields);
      await record.settle(one.id, 'given-up', now());
      await remove(one.id);
      return;
    }
    const retryAt = new Date(now().getTime() + waitMs);
    // Once for each message: the tries that follow are no news.
    if (one.tries === 0)
      logger.warn('A notification could not be delivered and is tried again.', { ...fields, retryAt });
    const later = { tries: one.tries + 1, nextTryAt: retryAt.toISOString() };
    await record.change((pending) => pending.map((other) => (other.id === one.id ? { ...other, ...later } : other)));
  }

  async function remove(id: string): Promise<void> {
    await record.change((pending) => pending.filter((other) => other.id !== id));
  }
}
