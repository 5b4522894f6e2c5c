import { tightenedBinding } from '../../secrets/tightened-binding.ts';
import { type Dueness, isDue } from './is-due.ts';
import type { RotationUnit } from '../rotation-unit.ts';
import type { SecretVersion } from '../ports/secret-store.ts';

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
