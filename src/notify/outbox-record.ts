import { z } from 'zod';
import { parseRecord } from '../records/parse-record.ts';
import type { RecordStore, Revision } from '../records/record-store.ts';
import { ServiceError } from '../service-error.ts';
import { notificationEvent } from './notification-event.ts';

const pendingNotification = z.object({
  id: z.string().regex(/^msg_[0-9a-f]{32}$/),
  at: z.iso.datetime(),
  event: notificationEvent,
  tries: z.int().nonnegative(),
  nextTryAt: z.iso.datetime(),
  /** The digest that it belongs to, by its time; absent for a message of its own. */
  digest: z.iso.datetime().exactOptional(),
});
const outboxShape = z.object({ format: z.literal(1), pending: z.array(pendingNotification) });

/** A message that waits to be sent. */
export type Pending = z.infer<typeof pendingNotification>;

/** What one channel has on record. Every call may throw ServiceError `RECORD_…`. */
export interface OutboxRecord {
  pending(): Promise<readonly Pending[]>;
  /** Changes the list under compare-and-set; `null` leaves it as it is. */
  change(by: (pending: readonly Pending[]) => readonly Pending[] | null): Promise<void>;
  /** Whether a message was delivered or given up. */
  isSettled(id: string): Promise<boolean>;
  settle(id: string, outcome: 'delivered' | 'given-up', at: Date): Promise<void>;
}

/** `channel`: one word, the folder of its records. */
export function outboxRecord(records: RecordStore, channel: string): OutboxRecord {
  const path = `notifications/${channel}/outbox.json`;
  const settledPath = (id: string) => `notifications/${channel}/settled/${id}.json`;

  async function read(): Promise<{ readonly pending: readonly Pending[]; readonly revision: Revision | null }> {
    const stored = await records.read(path);
    if (stored === null) return { pending: [], revision: null };
    return { pending: parseRecord(outboxShape, stored.bytes, path).pending, revision: stored.revision };
  }

  return {
    pending: async () => (await read()).pending,
    async change(by) {
      for (;;) {
        const { pending, revision } = await read();
        const changed = by(pending);
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
    },
    isSettled: async (id) => (await records.read(settledPath(id))) !== null,
    async settle(id, outcome, at) {
      try {
        await records.create(settledPath(id), jsonBytes({ format: 1, id, outcome, at: at.toISOString() }));
      } catch (error) {
        // Another instance delivered the same message: its record says so too.
        if (!ServiceError.is(error, 'RECORD_EXISTS')) throw error;
      }
    },
  };
}

function jsonBytes(value: object): Uint8Array {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
