import type { Person } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import { boundUnit } from './bound-unit.ts';
import { rollBackRotation } from './roll-back-rotation.ts';
import { type Rotation, rotationOf } from './rotation.ts';
import { readJournal } from './rotation-journal.ts';
import type { RotationTools } from './rotation-tools.ts';
import { bindingKey } from './rotation-unit.ts';
import { readUnit } from './unit-record.ts';

/**
 * Rolls back the one rotation of a secret whose old value is still alive, and gives the rotation's id.
 * `secret`: `vault/name`, or `name` alone where one vault has it in the policy. A group is rolled back as one.
 * @throws ServiceError `SECRET_NOT_BOUND`; `ROTATION_REQUEST_REFUSED` for a name that several vaults have, and while a worker is
 * at the target; `ROLL_BACK_REFUSED` when there is no such rotation, or when it cannot be rolled back.
 */
export async function rollBackSecret(
  tools: RotationTools,
  { secret, by, reason }: { readonly secret: string; readonly by: Person; readonly reason: string },
): Promise<string> {
  const unit = boundUnit(tools, secret);
  const { open } = await readUnit(tools.records, unit.key);
  const published: Rotation[] = [];
  for (const id of open) {
    const entries = await readJournal(tools.records, id);
    if (entries.length === 0) continue;
    const rotation = rotationOf(id, entries);
    if (rotation.step === 'published' || rotation.step === 'grace') published.push(rotation);
  }
  // What was rolled back before stays open until the new credential is withdrawn.
  const rotation = published.find(({ state }) => state !== 'rolled-back') ?? published[0];
  if (rotation?.state !== 'rolled-back' && rotation !== undefined) {
    await rollBackRotation(tools, { rotationId: rotation.rotationId, by, reason });
    return rotation.rotationId;
  }
  const names = unit.members.map(bindingKey).join(', ');
  throw new ServiceError('ROLL_BACK_REFUSED', {
    rotationId: rotation?.rotationId ?? null,
    reason: rotation === undefined ? `No rotation of ${names} is in its grace.` : 'It is rolled back already.',
  });
}
