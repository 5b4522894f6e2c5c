import type { Logger } from '../log/logger.ts';
import type { RecordStore } from '../records/record-store.ts';
import type { Channel } from './channel.ts';
import { channelOutbox } from './channel-outbox.ts';
import type { NotificationEvent } from './notification-event.ts';

interface Dependencies {
  readonly records: RecordStore;
  readonly channels: readonly Channel[];
  readonly logger: Logger;
  readonly now: () => Date;
}

/** What is to be told by all channels. */
export interface NotificationOutbox {
  /** Puts an event on record for each channel that takes it, unless it is there. @throws ServiceError `RECORD_…`. */
  announce(event: NotificationEvent): Promise<void>;
  /** Sends what is due on every channel at the same time. Returns how many were sent. @throws ServiceError `RECORD_…`. */
  deliver(): Promise<number>;
  /** How many wait, by the name of the channel. @throws ServiceError `RECORD_…`. */
  pending(): Promise<ReadonlyMap<string, number>>;
}

/** Each channel has its own outbox: one whose receiver is away, or whose record is damaged, holds no other. */
export function notificationOutbox({ channels, ...shared }: Dependencies): NotificationOutbox {
  const outboxes = channels.map((channel) => ({ name: channel.name, box: channelOutbox({ ...shared, channel }) }));

  return {
    announce: async (event) => void (await forEach(async ({ box }) => await box.announce(event))),
    deliver: async () => (await forEach(async ({ box }) => await box.deliver())).reduce((sum, sent) => sum + sent, 0),
    pending: async () =>
      new Map(await forEach(async ({ name, box }): Promise<[string, number]> => [name, await box.pending()])),
  };

  /** Every channel has its turn before a failure of one is thrown. */
  async function forEach<Value>(act: (outbox: (typeof outboxes)[number]) => Promise<Value>): Promise<Value[]> {
    const turns = await Promise.allSettled(outboxes.map(act));
    return turns.map((turn) => {
      if (turn.status === 'rejected') throw turn.reason;
      return turn.value;
    });
  }
}
