import { dayMs } from '../secrets/duration.ts';
import type { SecretBinding, TrackedSecret } from '../secrets/policy.ts';
import { tightenedBinding } from '../secrets/tightened-binding.ts';
import { leadMs } from './decide/is-due.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import type { RotationTools } from './rotation-tools.ts';

/** How near the end of a tracked secret's newest version is. */
export interface TrackedEnd {
  readonly endsAt: Date;
  /** The reminder that is due now, in milliseconds before the end; 0 once it is over, `null` while none is due. */
  readonly reminderMs: number | null;
}

/**
 * When people must have replaced a tracked secret: at its version's own expiry, or at the end of the policy's validity if that is
 * earlier. `null` for a version that is disabled: nobody uses it.
 */
export function trackedEnd(
  { validityMs, remindersMs }: Pick<TrackedSecret, 'validityMs' | 'remindersMs'>,
  { created, expires, enabled }: Pick<SecretVersion, 'created' | 'expires' | 'enabled'>,
  now: Date,
): TrackedEnd | null {
  if (!enabled) return null;
  const endsAt = new Date(Math.min(created.getTime() + validityMs, expires?.getTime() ?? Number.POSITIVE_INFINITY));
  const leftMs = endsAt.getTime() - now.getTime();
  if (leftMs <= 0) return { endsAt, reminderMs: 0 };
  // Of those that have passed, the last one: whoever is told late is told once.
  const passed = remindersMs.filter((beforeMs) => leftMs <= beforeMs);
  return { endsAt, reminderMs: passed.length === 0 ? null : Math.min(...passed) };
}

/**
 * The same of a version that a rotation should have replaced, told half of the lead before its end, a quarter, the last day or an
 * eighth where that is shorter, and once it has ended. Whatever holds the rotation, a person is told in time. `binding`: as the
 * policy has it; tags that forbid a rotation do not forbid to tell.
 */
export function overdueEnd(
  version: Pick<SecretVersion, 'created' | 'expires' | 'enabled' | 'tags'>,
  binding: SecretBinding,
  now: Date,
): TrackedEnd | null {
  const { validityMs } = tightenedBinding(binding, version.tags).binding ?? binding;
  const lead = leadMs(validityMs);
  return trackedEnd({ validityMs, remindersMs: [lead / 2, lead / 4, Math.min(dayMs, lead / 8)] }, version, now);
}

/** For a plan: what people must replace, as far as a reminder of it is due. `newest`: by `vault/name`. */
export function trackedSentences(
  { policy, now }: Pick<RotationTools, 'policy' | 'now'>,
  newest: ReadonlyMap<string, SecretVersion>,
): readonly string[] {
  return [...policy.tracked].flatMap(([name, tracked]) => {
    const version = newest.get(name);
    const end = version === undefined ? null : trackedEnd(tracked, version, now());
    if (end === null || end.reminderMs === null) return [];
    const owner = tracked.owner === null ? 'nobody is named as its owner' : tracked.owner;
    const ends = `${end.reminderMs === 0 ? 'ended' : 'ends'} ${end.endsAt.toISOString()}`;
    return [`${name}: ${ends}, and a person must replace it (${owner}).`];
  });
}
