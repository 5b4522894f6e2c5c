import type { NotificationEvent } from '../../notify/notification-event.ts';
import type { SecretVersion } from '../../rotation/ports/secret-store.ts';
import { readIndex } from '../../rotation/journal/target-index.ts';
import { overdueEnd } from '../../rotation/tracked-end.ts';
import type { RotationTools } from '../../rotation/rotation-tools.ts';
import { trackedEnd } from '../../rotation/tracked-end.ts';
import { formatDuration } from '../../secrets/duration.ts';
import type { Policy } from '../../secrets/policy.ts';

/** A reminder that a person must replace a tracked secret, or see why a rotation is late. */
export type Reminder = Extract<NotificationEvent, { readonly type: 'secret.ends' | 'secret.overdue' }>;

/** What a pass saw of secrets that end. */
export interface TrackedPass {
  readonly reminders: readonly Reminder[];
  /** By `vault/name`; a secret that is not in it was not seen. */
  readonly newest: ReadonlyMap<string, SecretVersion>;
}

/** What a pass that is over has to say of secrets that end: of what it listed, less what it has replaced since. */
export async function endsAfterPass({
  policy,
  memory,
  records,
  now,
}: Pick<RotationTools, 'policy' | 'memory' | 'records' | 'now'>): Promise<TrackedPass> {
  const newest = stillNewest(memory.listed ?? new Map<string, SecretVersion>(), (await readIndex(records)).values());
  return { reminders: remindersOf(policy, newest, now()), newest };
}

/** `targets`: as the journals know them after the pass. */
function stillNewest(
  listed: ReadonlyMap<string, SecretVersion>,
  targets: Iterable<{ readonly current: Readonly<Record<string, string>> }>,
): ReadonlyMap<string, SecretVersion> {
  const current = new Map([...targets].flatMap((target) => Object.entries(target.current)));
  return new Map([...listed].filter(([secret, { version }]) => (current.get(secret) ?? version) === version));
}

/**
 * The reminders that are due now, by name: for secrets that no issuer replaces, and for those that one should have replaced by now.
 * Equal at every call until the next one is due, so that each is told once. `newest`: by `vault/name`; a secret that is not in it
 * was not seen, and nothing is said of it.
 */
function remindersOf(
  { tracked, secrets }: Pick<Policy, 'tracked' | 'secrets'>,
  newest: ReadonlyMap<string, SecretVersion>,
  now: Date,
): readonly Reminder[] {
  return [...trackedReminders(tracked, newest, now), ...overdueReminders(secrets, newest, now)];
}

function overdueReminders(
  secrets: Policy['secrets'],
  newest: ReadonlyMap<string, SecretVersion>,
  now: Date,
): readonly Reminder[] {
  return [...secrets]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([secret, binding]) => {
      const version = newest.get(secret);
      const end = version === undefined ? null : overdueEnd(version, binding, now);
      if (version === undefined || end === null || end.reminderMs === null) return [];
      const left = end.reminderMs === 0 ? null : formatDuration(end.reminderMs);
      return [{ type: 'secret.overdue', secret, version: version.version, endsAt: end.endsAt.toISOString(), left }];
    });
}

function trackedReminders(
  tracked: Policy['tracked'],
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
