import { dayMs } from '../../secrets/duration.ts';
import type { Logger } from '../../log/logger.ts';
import type { NotificationOutbox } from '../../notify/notification-outbox.ts';
import type { NotificationEvent } from '../../notify/notifier.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { readOpenHistories } from '../../rotation/history/read-open-histories.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import type { Reconciled } from '../../rotation/reconcile-rotations.ts';
import type { Reminder } from './remind-people.ts';
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
  afterPass(result: Reconciled, reminders?: readonly Reminder[]): Promise<void>;
  /** After scheduled work failed. */
  afterFailure(work: string, error: unknown): Promise<void>;
}

/** A question whether to publish lapses after seven days; two days are left then. */
const reminderAfterMs = 5 * dayMs;
/** A secret is due thirty days before its expiry, or a third of its validity: these are told while it is left. */
const goReminders = [7 * dayMs, 14 * dayMs, 21 * dayMs, 28 * dayMs];

export function createCaller({ outbox, records, logger, now }: Dependencies): Caller {
  if (outbox === null) return { afterPass: () => Promise.resolve(), afterFailure: () => Promise.resolve() };
  return {
    afterPass: async ({ counts, failures, calls }, reminders = []) =>
      await guarded(async () => {
        for (const { subject, error } of failures) {
          await outbox.announce({ type: 'rotation.prevented', subject, code: error.code, day: today() });
        }
        for (const reminder of reminders) await outbox.announce(reminder);
        for (const { subject: secret, code, since } of calls) {
          await outbox.announce({ type: 'secret.needs-attention', secret, code, since });
        }
        if (counts.waiting + counts.needsAttention === 0) return;
        for await (const history of readOpenHistories(records)) {
          for (const event of callsOf(history, now())) await outbox.announce(event);
        }
      }),
    afterFailure: async (work, error) =>
      await guarded(async () => {
        const code = ServiceError.is(error) ? error.code : 'UNEXPECTED';
        await outbox.announce({ type: 'work.failed', work, code, day: today() });
      }),
  };

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

/** What a rotation asks of a person now. */
function callsOf(history: RotationHistory, now: Date): readonly NotificationEvent[] {
  const { vault, secret: name, rotationId: rotation, state, stateSince: since, failure, publication } = history;
  const secret = `${vault}/${name}`;
  if (state === 'needs-attention') {
    return [{ type: 'rotation.needs-attention', secret, rotation, since, failure }];
  }
  if (state === 'awaiting-go') return goCalls({ secret, rotation, since }, history, now);
  if (state !== 'awaiting-approval') return [];
  const step = publication === 'published' ? 'revoke' : 'publish';
  const question = { type: 'rotation.awaits-approval', secret, rotation, since, step } as const;
  const isLate = now.getTime() - Date.parse(since) >= reminderAfterMs;
  return [{ ...question, reminder: false }, ...(isLate ? [{ ...question, reminder: true }] : [])];
}

/** A secret whose first rotation waits is told of once, and again when its expiry comes near. */
function goCalls(
  { secret, rotation, since }: { readonly secret: string; readonly rotation: string; readonly since: string },
  { claimedAt }: RotationHistory,
  now: Date,
): readonly NotificationEvent[] {
  const waits = { type: 'rotation.awaits-go', secret, rotation, since } as const;
  const waitedMs = now.getTime() - Date.parse(claimedAt);
  const reminders = goReminders.filter((afterMs) => waitedMs >= afterMs).length;
  return Array.from({ length: reminders + 1 }, (_, reminder) => ({ ...waits, reminder }));
}
