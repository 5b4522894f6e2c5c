import { areTwoPersons, type Person } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import { advanceRotation } from './advance-rotation.ts';
import { wantedApproval } from './approval.ts';
import type { RotationTools } from './rotation-tools.ts';
import { rotationIdIn, withRotation } from './with-rotation.ts';

/** How long an approval drives the rotation on before it answers. */
const deadlineMs = 15_000;

/**
 * Agrees to the step that a rotation waits for, in the name of a person who signed in, and goes on with it.
 * Another subject than the one who asked for the rotation; `breakGlass` is the recorded exception, and ends a grace early too.
 * Names are not compared: whoever can change a display name would be two persons.
 * @throws ServiceError `APPROVAL_REFUSED`, `ROTATION_UNKNOWN`, `ROTATION_REQUEST_REFUSED`.
 */
export async function approveRotation(
  tools: RotationTools,
  approval: {
    readonly rotationId: string;
    readonly by: Person;
    readonly breakGlass: boolean;
    readonly reason: string;
  },
): Promise<void> {
  const rotationId = rotationIdIn(approval.rotationId);
  const { by, breakGlass, reason } = approval;
  const refuse = (why: string) => new ServiceError('APPROVAL_REFUSED', { rotationId, reason: why });
  if (by.kind !== 'signed-in' && !breakGlass) throw refuse('Only a person who signed in with a subject can approve.');
  await withRotation(tools, rotationId, async (work) => {
    const { rotation } = work;
    const step = wantedApproval(rotation) ?? (breakGlass && rotation.step === 'grace' ? 'revoke' : null);
    if (step === null) throw refuse('The rotation waits for no approval.');
    const { askedBy } = rotation.claim;
    if (askedBy !== null && !breakGlass && !areTwoPersons(askedBy, by)) throw refuse(notSecond(askedBy));
    const at = tools.now().toISOString();
    await work.outcome('approve', { facts: { approval: { step, by, at, breakGlass }, reasons: [reason] } });
  });
  await advanceRotation(tools, rotationId, { deadlineMs });
}

function notSecond(askedBy: Person): string {
  return askedBy.kind === 'signed-in'
    ? 'The person who asked for the rotation cannot approve it.'
    : 'Nobody can be shown to be another person than the one who asked: that one did not sign in.';
}
