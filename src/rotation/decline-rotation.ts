import type { Person } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import { atDesk, driveNow, findRotation, rotationIdIn } from './find-target.ts';
import { askedAbout } from './history/rotation-standing.ts';
import type { Target } from './observe/target.ts';
import type { RotationTools } from './rotation-tools.ts';

interface Decline {
  readonly rotationId: string;
  readonly by: Person;
  /** In that person's words. */
  readonly reason: string;
}

/** How long the rotation is driven on, to undo what it had made, before this returns. */
const deadlineMs = 15_000;

/**
 * Says no, in the name of a person, to what a rotation waits for. Declined before publication, the rotation stops, what it had
 * made ends, and it begins again only if a person asks. Declined before a revocation, the old value goes on working, and the
 * question is asked again after a week. A no needs no second person, so also those who asked may say it.
 * @throws ServiceError `DECLINE_REFUSED` if the rotation waits for no word, `ROTATION_UNKNOWN`.
 */
export async function declineRotation(tools: RotationTools, no: Decline): Promise<void> {
  const rotationId = rotationIdIn(no.rotationId);
  const { target } = await findRotation(tools, rotationId);
  await decline(target, { ...no, rotationId });
  await driveNow(target, { deadlineMs });
}

/** Notes the no, and does nothing about it. @throws ServiceError `DECLINE_REFUSED`. */
export async function decline(target: Target, { rotationId, by, reason }: Decline): Promise<void> {
  await atDesk(target, async ({ journal: { state }, say }) => {
    const rotation = state.rotations.findLast(({ claim }) => claim.rotationId === rotationId);
    const wanted = rotation === undefined ? null : askedAbout(state, rotation);
    if (wanted === null) throw new ServiceError('DECLINE_REFUSED', { rotationId, reason: 'It waits for no word.' });
    await say('decline', { ...wanted, by, text: reason });
  });
}
