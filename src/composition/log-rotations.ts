import type { Logger } from '../log/logger.ts';
import { describeNotification } from '../notify/describe-notification.ts';
import { notificationId } from '../notify/notification-event.ts';
import type { Reconciled } from '../rotation/reconcile-rotations.ts';
import type { RotationEvent } from '../rotation/rotation-tools.ts';
import type { Reminder } from './people/remind-people.ts';
import type { SealingKeyEnds } from './policy/remind-sealing-key.ts';
import { describeEvent } from './describe-rotation.ts';

/** Writes what rotations do, once for each change: a pass every five minutes must not repeat it. */
export interface RotationLog {
  readonly event: (event: RotationEvent) => void;
  /** What prevents rotations, and what no longer does. */
  readonly failures: (failures: Reconciled['failures']) => void;
  /** What people must replace. */
  readonly reminders: (reminders: readonly (Reminder | SealingKeyEnds)[]) => void;
}

/** Writes what became of an event of Key Vault. */
export function logVaultEvent(
  logger: Logger,
  { outcome, secret }: { readonly outcome: string; readonly secret: string | null },
): void {
  logger.info(`Key Vault event: ${outcome}.`, { event: outcome, ...(secret === null ? {} : { secret }) });
}

export function createRotationLog(logger: Logger): RotationLog {
  const states = new Map<string, string>();
  const reminded = new Set<string>();
  let told = new Map<string, string>();
  return {
    event(event) {
      const { rotationId: rotation, vault, secret: name, state, failure, retryAt } = event;
      const key = [state, event.step, failure, retryAt?.toISOString()].join(' ');
      // A call about a secret without a rotation has no id.
      const about = `${vault}/${name} ${rotation}`;
      if (states.get(about) === key) return;
      states.set(about, key);
      const fields = {
        secret: `${vault}/${name}`,
        rotation,
        state,
        ...(failure === null ? {} : { failure }),
        ...(retryAt === null ? {} : { retryAt }),
      };
      if (state === 'needs-attention') logger.error(describeEvent(event), fields);
      else if (failure !== null || state === 'awaiting-approval') logger.warn(describeEvent(event), fields);
      else logger.info(describeEvent(event), fields);
    },
    reminders(reminders) {
      for (const reminder of reminders) {
        const id = notificationId(reminder);
        if (reminded.has(id)) continue;
        reminded.add(id);
        logger.warn(describeNotification(reminder), 'secret' in reminder ? { secret: reminder.secret } : {});
      }
    },
    failures(failures) {
      const now = new Map(failures.map(({ subject, error }) => [subject, error.code]));
      for (const { subject, error } of failures) {
        if (told.get(subject) === error.code) continue;
        logger.warn(`${subject}: something prevents its rotation.`, { secret: subject, error });
      }
      for (const subject of told.keys()) {
        if (!now.has(subject)) logger.info(`${subject}: nothing prevents its rotation any more.`, { secret: subject });
      }
      told = now;
    },
  };
}
