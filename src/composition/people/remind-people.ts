import type { NotificationEvent } from '../../notify/notification-event.ts';
import type { SecretVersion } from '../../rotation/ports/secret-store.ts';
import { trackedEnd } from '../../rotation/tracked-end.ts';
import { formatDuration } from '../../secrets/duration.ts';
import type { Policy } from '../../secrets/policy.ts';

/** A reminder that a person must replace a tracked secret. */
export type Reminder = Extract<NotificationEvent, { readonly type: 'secret.ends' }>;

/**
 * The reminders that are due now for secrets that no issuer replaces, by name. Equal at every call until the next one is due, so
 * that each is told once. `newest`: by `vault/name`; a secret that is not in it was not seen, and nothing is said of it.
 */
export function remindersOf(
  { tracked }: Pick<Policy, 'tracked'>,
  newest: ReadonlyMap<string, SecretVersion>,
  now: Date,
): readonly Reminder[] {
  return [...tracked]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([secret, entry]) => {
      const version = newest.get(secret);
      const end = version === undefined ? null : trackedEnd(entry, version, now);
      if (version === undefined || end === null || end.reminderMs === null) return [];
      const left = end.reminderMs === 0 ? null : formatDuration(end.reminderMs);
      return [
        {
          type: 'secret.ends',
          secret,
          version: version.version,
          owner: entry.owner,
          endsAt: end.endsAt.toISOString(),
          left,
        },
      ];
    });
}
