import { z } from 'zod';
import type { Logger } from '../log/logger.ts';
import type { RecordStore, Revision } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import type { Channel } from './channel.ts';
import { type NotificationEvent, notificationEvent, notificationId } from './notification-event.ts';

const minuteMs = 60_000;
/** Waits between tries. After the last one the message is given up: that is three days in all. */
const waitsMs = [5, 15, 60, 180, 360, 720, 1_440, 1_440].map((minutes) => minutes * minuteMs);

const pendingNotification = z.object({
  id: z.string().regex(/^msg_[0-9a-f]{32}$/),
  at: z.iso.datetime(),
  event: notificationEvent,
  tries: z.int().nonnegative(),
  nextTryAt: z.iso.datetime(),
});
const outboxRecord = z.object({ format: z.literal(1), pending: z.array(pendingNotification) });

type Pending = z.infer<typeof pendingNotification>;

interface Dependencies {
  readonly records: RecordStore;
  readonly channel: Channel;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Notifications of one channel that wait to be sent, on record, so that neither a crash nor a receiver that is away loses one. */
export interface ChannelOutbox {
  /**
   * Puts an event on record as one to be told, unless it was told or put there before. A channel that does not take it ignores it.
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
  const outboxPath = `notifications/${name}/outbox.json`;
  return {
    async announce(event) {
      if (!channel.takes(event)) return;
      const id = notificationId(event);
      if ((await records.read(settledPath(name, id))) !== null) return;
      const at = now().toISOString();
      await changePending(records, outboxPath, (pending) =>
        pending.some((one) => one.id === id) ? null : [...pending, { id, at, event, tries: 0, nextTryAt: at }],
      );
    },

    async deliver() {
      let sent = 0;
      const { pending } = await readOutbox(records, outboxPath);
      for (const one of pending.filter(({ nextTryAt }) => Date.parse(nextTryAt) <= now().getTime())) {
        // Another instance may have sent it since the list was read, or died before it took it off.
        if ((await records.read(settledPath(name, one.id))) === null) {
          const failure = await trySending(one);
          if (failure !== null) {
            await postpone(one, failure);
            return sent;
          }
          sent += 1;
          await settle(one.id, 'delivered');
        }
        await remove(one.id);
      }
      return sent;
    },

    pending: async () => (await readOutbox(records, outboxPath)).pending.length,
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
      await settle(one.id, 'given-up');
      await remove(one.id);
      return;
    }
    const retryAt = new Date(now().getTime() + waitMs);
    // Once for each message: the tries that follow are no news.
    if (one.tries === 0)
      logger.warn('A notification could not be delivered and is tried again.', { ...fields, retryAt });
    await changePending(records, outboxPath, (pending) =>
      pending.map((other) =>
        other.id === one.id ? { ...other, tries: one.tries + 1, nextTryAt: retryAt.toISOString() } : other,
      ),
    );
  }

  async function settle(id: string, outcome: 'delivered' | 'given-up'): Promise<void> {
    try {
      await records.create(settledPath(name, id), jsonBytes({ format: 1, id, outcome, at: now().toISOString() }));
    } catch (error) {
      // Another instance delivered the same message: its record says so too.
      if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
    }
  }

  async function remove(id: string): Promise<void> {
    await changePending(records, outboxPath, (pending) => pending.filter((other) => other.id !== id));
  }
}

function settledPath(channel: string, id: string): string {
  return `notifications/${channel}/settled/${id}.json`;
}

async function readOutbox(
  records: RecordStore,
  path: string,
): Promise<{ readonly pending: readonly Pending[]; readonly revision: Revision | null }> {
  const stored = await records.read(path);
  if (stored === null) return { pending: [], revision: null };
  let written: unknown;
  try {
    written = JSON.parse(Buffer.from(stored.bytes).toString('utf8'));
  } catch (cause) {
    throw new ServiceError('RECORD_UNREADABLE', { path, reason: 'it is not valid JSON' }, { cause });
  }
  const parsed = outboxRecord.safeParse(written);
  if (parsed.success) return { pending: parsed.data.pending, revision: stored.revision };
  const place = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new ServiceError('RECORD_UNREADABLE', { path, reason: `invalid at ${place}` });
}

/** Changes the list under compare-and-set; `null` leaves it as it is. */
async function changePending(
  records: RecordStore,
  path: string,
  change: (pending: readonly Pending[]) => readonly Pending[] | null,
): Promise<void> {
  for (;;) {
    const { pending, revision } = await readOutbox(records, path);
    const changed = change(pending);
    if (changed === null) return;
    const bytes = jsonBytes({ format: 1, pending: changed });
    try {
      if (revision === null) await records.create(path, bytes);
      else await records.replace(path, bytes, revision);
      return;
    } catch (error) {
      // Another instance changed the list first: read it again. Each round one of the writers succeeds.
      if (!ServiceError.is(error, 'RECORD_EXISTS') && !ServiceError.is(error, 'RECORD_CHANGED')) throw error;
    }
  }
}

function jsonBytes(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
