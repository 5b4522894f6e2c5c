import type { Person } from '../provenance/person.ts';
import { bindTarget } from './bind-target.ts';
import { atDesk, driveNow } from './find-target.ts';
import type { RotationTools } from './rotation-tools.ts';
import { bindingKey, requireUnit } from './rotation-unit.ts';

/**
 * Retires a secret that nobody needs any more: its credential ends by the one rule, as if something had taken its place now,
 * and is shown dead; then its versions are disabled, the newest one too. Nothing is deleted, and its evidence stays.
 * Returns the secrets that are retired, `vault/name`: a group is retired as one.
 * @throws ServiceError `SECRET_NOT_BOUND`, `ROTATION_REQUEST_REFUSED`, or as the vault does.
 */
export async function retireSecret(
  tools: RotationTools,
  { secret, by, reason }: { readonly secret: string; readonly by: Person; readonly reason: string },
): Promise<readonly string[]> {
  const unit = requireUnit(tools.policy, secret);
  const target = bindTarget(tools, unit);
  await atDesk(target, async ({ journal: { state }, say }) => {
    if (state.retiredAt === null) await say('retire', { by, text: reason, bindings: unit.members });
  });
  await driveNow(target);
  return unit.members.map(bindingKey);
}
