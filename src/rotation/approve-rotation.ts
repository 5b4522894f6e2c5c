import { areTwoPersons, type Person } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import { atDesk, driveNow, findRotation, rotationIdIn } from './find-target.ts';
import { askedAbout } from './history/rotation-standing.ts';
import { isAlive, type Rotation, type TargetState, rotationNamed } from './journal/target-state.ts';
import type { Target } from './observe/target.ts';
import type { RotationTools } from './rotation-tools.ts';

interface Approval {
  readonly rotationId: string;
  readonly by: Person;
  readonly breakGlass: boolean;
  /** In that person's words. */
  readonly reason: string;
}

/**
 * Agrees to what a rotation waits for, in the name of a person who signed in, and goes on with it.
 * Another subject than those who asked for it, asked again or rolled it back; `breakGlass` is the recorded exception, and ends a
 * grace early too. Names are not compared: whoever can change a display name would be two persons.
 * @throws ServiceError `APPROVAL_REFUSED`, `ROTATION_UNKNOWN`.
 */
export async function approveRotation(tools: RotationTools, approval: Approval): Promise<void> {
  const rotationId = rotationIdIn(approval.rotationId);
  requireApprover(approval);
  const { target } = await findRotation(tools, rotationId);
  await approve(target, { ...approval, rotationId });
  await driveNow(target);
}

function requireApprover({ rotationId, by, breakGlass }: Approval): void {
  const refuse = refusal(rotationIdIn(rotationId));
  if (by.kind === 'machine') throw refuse('A machine account is not a person, and cannot approve.');
  if (by.kind !== 'signed-in' && !breakGlass) throw refuse('Only a person who signed in with a subject can approve.');
}

function refusal(rotationId: string): (reason: string) => ServiceError {
  return (reason) => new ServiceError('APPROVAL_REFUSED', { rotationId, reason });
}

/** Notes the approval, and does nothing about it. @throws ServiceError `APPROVAL_REFUSED`. */
export async function approve(target: Target, { rotationId, by, breakGlass, reason: text }: Approval): Promise<void> {
  const refuse = refusal(rotationId);
  await atDesk(target, async ({ journal: { state }, say }) => {
    const rotation = rotationNamed(state, rotationId);
    const wanted = rotation === undefined ? null : askedFor(state, rotation, breakGlass);
    if (rotation === undefined || wanted === null) throw refuse('The rotation waits for no approval.');
    const asker = breakGlass ? undefined : rotation.asks.find((one) => !areTwoPersons(one.by, by))?.by;
    if (asker !== undefined) throw refuse(notSecond(asker));
    const { question, credential } = wanted;
    await say('approve', { credential, approval: { question, by, breakGlass }, text });
  });
}

function askedFor(
  state: TargetState,
  rotation: Rotation,
  breakGlass: boolean,
): { readonly question: 'publish' | 'revoke'; readonly credential: string } | null {
  const wanted = askedAbout(state, rotation);
  if (wanted !== null && wanted.question !== 'go') return { question: wanted.question, credential: wanted.credential };
  if (!breakGlass || rotation.step !== 'published') return null;
  const ending = [rotation.from, rotation.credential].find((key) => {
    const credential = state.credentials.get(key ?? '');
    return credential !== undefined && key !== state.desired && isAlive(credential);
  });
  return ending == null ? null : { question: 'revoke', credential: ending };
}

function notSecond(asker: Person): string {
  return asker.kind === 'signed-in'
    ? 'The person who asked for the rotation cannot approve it.'
    : 'Nobody can be shown to be another person than the one who asked: that one did not sign in.';
}

interface Decline {
  readonly rotationId: string;
  readonly by: Person;
  /** In that person's words. */
  readonly reason: string;
}

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
  await driveNow(target);
}

/** Notes the no, and does nothing about it. @throws ServiceError `DECLINE_REFUSED`. */
export async function decline(target: Target, { rotationId, by, reason }: Decline): Promise<void> {
  await atDesk(target, async ({ journal: { state }, say }) => {
    const rotation = rotationNamed(state, rotationId);
    const wanted = rotation === undefined ? null : askedAbout(state, rotation);
    if (wanted === null) throw new ServiceError('DECLINE_REFUSED', { rotationId, reason: 'It waits for no word.' });
    await say('decline', { ...wanted, by, text: reason });
  });
}
