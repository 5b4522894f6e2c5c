import { dayMs } from '../secrets/duration.ts';
import type { Logger } from '../log/logger.ts';
import type { NotificationOutbox } from '../notify/notification-outbox.ts';
import type { NotificationEvent } from '../notify/notifier.ts';
import type { RecordStore } from '../records/record-store.ts';
import { historiesOf } from '../rotation/history/read-rotation-histories.ts';
import type { RotationHistory } from '../rotation/history/rotation-history.ts';
import type { Reconciled } from '../rotation/reconcile-rotations.ts';
import { rotationOf } from '../rotation/rotation.ts';
import { readJournal } from '../rotation/rotation-journal.ts';
import { unitsOf } from '../rotation/rotation-unit.ts';
import { readUnit } from '../rotation/unit-record.ts';
import type { Policy } from '../secrets/policy.ts';
import { ServiceError } from '../service-error.ts';

interface Dependencies {
  /** `null` if no channel is configured: then nothing is announced. */
  readonly outbox: NotificationOutbox | null;
  readonly records: RecordStore;
  readonly policy: Policy;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Tells people of what they must know. It never rejects: the work that it tells of is done, and counts. */
export interface Caller {
  /** After a pass over the rotations: those that wait for a person, and what prevents others. */
  afterPass(result: Reconciled): Promise<void>;
  /** After scheduled work failed. */
  afterFailure(work: string, error: unknown): Promise<void>;
}

/** A question whether to publish lapses after seven days; two days are left then. */
const reminderAfterMs = 5 * dayMs;

export function createCaller({ outbox, records, policy, logger, now }: Dependencies): Caller {
  if (outbox === null) return { afterPass: () => Promise.resolve(), afterFailure: () => Promise.resolve() };
  return {
    afterPass: async ({ counts, failures }) =>
      await guarded(async () => {
        for (const { subject, error } of failures) {
          await outbox.announce({ type: 'rotation.prevented', subject, code: error.code, day: today() });
        }
        if (counts.waiting === 0) return;
        for await (const history of openRotations(records, policy)) {
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

/** The rotations that have not ended, one history for each secret: what ended is not read again in each pass. */
async function* openRotations(records: RecordStore, policy: Policy): AsyncIterable<RotationHistory> {
  for (const unit of unitsOf(policy)) {
    const { open } = await readUnit(records, unit.key);
    for (const rotationId of open) {
      const entries = await readJournal(records, rotationId);
      // A worker may have died between the list and the journal.
      if (entries.length > 0) yield* historiesOf(rotationOf(rotationId, entries), entries);
    }
  }
}

/** What a rotation asks of a person now. */
function callsOf(history: RotationHistory, now: Date): readonly NotificationEvent[] {
  const { vault, secret: name, rotationId: rotation, state, stateSince: since, failure, publication } = history;
  const secret = `${vault}/${name}`;
  if (state === 'needs-attention') {
    return [{ type: 'rotation.needs-attention', secret, rotation, since, failure }];
  }
  if (state !== 'awaiting-approval') return [];
  const step = publication === 'published' ? 'revoke' : 'publish';
  const question = { type: 'rotation.awaits-approval', secret, rotation, since, step } as const;
  const isLate = now.getTime() - Date.parse(since) >= reminderAfterMs;
  return [{ ...question, reminder: false }, ...(isLate ? [{ ...question, reminder: true }] : [])];
}
