import { dayMs } from '../../secrets/duration.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import { tightenedBinding } from '../../secrets/tightened-binding.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import type { TrackedEnd } from '../tracked-end.ts';
import { leadMs } from './is-due.ts';

/**
 * When a version ends that a rotation should have replaced, with the reminder that is due: half of the lead before its end, a
 * quarter, the last day or an eighth where that is shorter, and once it has ended. Whatever holds the rotation, a person is told in
 * time. `binding`: as the policy has it; tags that forbid a rotation do not forbid to tell. `null` for a version that is disabled.
 */
export function overdueEnd(
  { created, expires, enabled, tags }: Pick<SecretVersion, 'created' | 'expires' | 'enabled' | 'tags'>,
  binding: SecretBinding,
  now: Date,
): TrackedEnd | null {
  if (!enabled) return null;
  const { validityMs } = tightenedBinding(binding, tags).binding ?? binding;
  const endsAt = new Date(Math.min(created.getTime() + validityMs, expires?.getTime() ?? Number.POSITIVE_INFINITY));
  const leftMs = endsAt.getTime() - now.getTime();
  if (leftMs <= 0) return { endsAt, reminderMs: 0 };
  const lead = leadMs(validityMs);
  const passed = [lead / 2, lead / 4, Math.min(dayMs, lead / 8)].filter((beforeMs) => leftMs <= beforeMs);
  return { endsAt, reminderMs: passed.length === 0 ? null : Math.min(...passed) };
}
