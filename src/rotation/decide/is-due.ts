import { dayMs } from '../../secrets/duration.ts';
import type { SecretBinding } from '../../secrets/policy.ts';
import { tightenedBinding } from '../../secrets/tightened-binding.ts';
import type { SecretVersion } from '../ports/secret-store.ts';
import type { RotationUnit } from '../rotation-unit.ts';

/** Key Vault's own near-expiry event comes thirty days before; it cannot be set for secrets. */
const longestLeadMs = 30 * dayMs;

export type Dueness =
  | { readonly due: true; readonly because: 'expires' | 'age'; readonly expires: Date }
  | { readonly due: false; readonly because: 'forbidden' | 'too-young' | 'not-yet'; readonly from: Date | null };

/**
 * How long before its expiry a secret is rotated: thirty days, or a third of its validity where that is shorter. With a fixed
 * window every version of a short-lived secret would be due the moment it is made.
 */
export function leadMs(validityMs: number): number {
  return Math.min(longestLeadMs, Math.floor(validityMs / 3));
}

/**
 * Whether the newest version of a secret is to be replaced now. The vault's own expiry decides, or the age that the binding
 * allows where that comes first or there is no expiry at all. `binding`: as tightened by the version's tags; `null` when they forbid.
 */
export function isDue(newest: SecretVersion, binding: SecretBinding | null, now: Date): Dueness {
  if (binding === null) return { due: false, because: 'forbidden', from: null };
  const byAge = new Date(newest.created.getTime() + binding.validityMs);
  const expires = newest.expires !== null && newest.expires <= byAge ? newest.expires : byAge;
  const from = new Date(Math.max(expires.getTime() - leadMs(binding.validityMs), 0));
  if (now < from) return { due: false, because: 'not-yet', from };
  const oldEnough = new Date(newest.created.getTime() + binding.minimumAgeMs);
  if (now < oldEnough) return { due: false, because: 'too-young', from: oldEnough };
  return { due: true, because: expires === newest.expires ? 'expires' : 'age', expires };
}

/**
 * Whether a unit is to be rotated now: one of its secrets is due, and none holds the others. `newest`: the newest version of
 * each member, in their order, as their own tags tighten what the policy says of them.
 */
export function unitDueness(unit: RotationUnit, newest: readonly SecretVersion[], now: Date): Dueness {
  const each = newest.map((version, index) => {
    const member = unit.members[index] ?? unit.members[0];
    return isDue(version, tightenedBinding(member, version.tags).binding, now);
  });
  // One member that must not be rotated, or is too young, holds the whole group.
  const holds = each.find((one) => !one.due && one.because !== 'not-yet');
  return holds ?? each.find(({ due }) => due) ?? each[0] ?? { due: false, because: 'not-yet', from: null };
}
