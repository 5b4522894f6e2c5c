import type { Person } from '../provenance/person.ts';
import { tightenedBinding } from '../secrets/tightened-binding.ts';
import { ServiceError } from '../service-error.ts';
import { bindTarget } from './bind-target.ts';
import { dayLimitUntil } from './decide/begin-rule.ts';
import { atDesk, driveNow } from './find-target.ts';
import { stateOfRotation } from './history/rotation-standing.ts';
import { openAttempt, type Rotation, type TargetState, inGrace } from './journal/target-state.ts';
import { earlierInTheWay, earlierTexts } from './observe/earlier-environments.ts';
import type { Sight } from './observe/observe.ts';
import type { Target } from './observe/target.ts';
import { madeElsewhere } from './made-elsewhere.ts';
import type { RotationTools } from './rotation-tools.ts';
import { bindingKey, requireUnit, type RotationUnit } from './rotation-unit.ts';
import { tagFaults } from '../secrets/tag-faults.ts';

export interface RotationRequest {
  /** `vault/name`, or `name` alone where one vault has it in the policy. */
  readonly secret: string;
  /** In that person's words. */
  readonly reason: string;
  readonly by: Person;
  /** The value has leaked: no minimum age, no grace, and a person may approve the revocation at once. */
  readonly emergency: boolean;
  /** The secret does not exist yet and gets its first value from its issuer. */
  readonly create?: boolean;
}

/**
 * Begins a rotation because a person asks, or takes up the one that waits or has stopped, and drives it for as long as
 * `deadlineMs`. Returns the rotation's id. Asking twice is asking once: the id follows from the version in force. A person's
 * request is also the go for a secret's first rotation.
 * @throws ServiceError `SECRET_NOT_BOUND`; `ROTATION_REQUEST_REFUSED` with the reason; `SECRET_TAG_MALFORMED` for a
 * tag `rotation` that is no word for it; `SECRET_ABSENT` without `create`; `CLOCK_DISAGREES`, or as the vault does.
 */
export async function requestRotation(
  tools: RotationTools,
  request: RotationRequest,
  { deadlineMs }: { readonly deadlineMs?: number } = {},
): Promise<string> {
  const unit = requireUnit(tools.policy, request.secret);
  const refuse = refusalFor(unit);
  if (await tools.killSwitch()) throw refuse('The kill switch is on.');
  const { by, emergency, reason: text, create = false } = request;
  const target = bindTarget(tools, unit, 'reconciler', { by, emergency, text, create });
  const taken = await atDesk(target, async ({ sight, journal, say }) => {
    const rotation = toTakeUp(journal.state);
    if (rotation !== null) {
      await say('request', { by, text });
      return rotation.claim.rotationId;
    }
    if (!emergency && !create) await requireEarlierDone(target, sight, refuse);
    requireMayBegin(unit, sight, journal.state, request, refuse);
    return null;
  });
  const driven = await driveNow(taken === null ? target : bindTarget(tools, unit), deadlineMs);
  if (driven.fault !== null && driven.acts.length === 0) throw driven.fault;
  const rotationId = taken ?? driven.state.rotations.at(-1)?.claim.rotationId;
  if (rotationId === undefined) throw refuse('Another worker is at it. Ask again in two minutes.');
  return rotationId;
}

/** Another environment goes first, for a person too; an emergency and a first value do not wait. */
async function requireEarlierDone(
  target: Target,
  { observation }: Sight,
  refuse: (reason: string) => ServiceError,
): Promise<void> {
  const earlier = await earlierInTheWay(target, { now: observation.now, countsDue: false });
  if (earlier === null) return;
  throw refuse(
    `${earlier.unit} (${earlier.environment}) ${earlierTexts[earlier.because]}; an emergency does not wait.`,
  );
}

/** The rotation that an earlier request, or the timer, began, and that waits for a person, has failed, or has not published yet. */
function toTakeUp(state: TargetState): Rotation | null {
  const open = openAttempt(state);
  if (open !== null) return open;
  const last = state.rotations.findLast(({ result }) => result === null);
  if (last === undefined || last.rolledBack !== null) return null;
  const standing = stateOfRotation(state, last);
  return standing === 'needs-attention' || standing === 'retry-wait' ? last : null;
}

function requireMayBegin(
  unit: RotationUnit,
  { observation, terms }: Sight,
  state: TargetState,
  { emergency, create }: RotationRequest,
  refuse: (reason: string) => ServiceError,
): void {
  for (const member of unit.members) {
    const newest = observation.newest.get(bindingKey(member)) ?? null;
    const { vault, name: secret, minimumAgeMs } = member;
    const elsewhere = madeElsewhere(member, newest);
    if (elsewhere !== null) throw elsewhere;
    if (newest === null && create !== true) throw new ServiceError('SECRET_ABSENT', { vault, secret });
    if (newest !== null && create === true) throw refuse(`${vault}/${secret} exists already.`);
    if (newest === null || emergency) continue;
    if (tightenedBinding(member, newest.tags).binding === null) {
      const malformed = tagFaults(member, newest.tags).find(({ tag }) => tag === 'rotation');
      throw malformed?.error ?? refuse('A tag of the secret forbids its rotation.');
    }
    const from = new Date(newest.created.getTime() + minimumAgeMs);
    if (observation.now < from)
      throw refuse(`Its newest version is too young before ${from.toISOString()}; an emergency does not wait.`);
  }
  if (!observation.clocksAgree)
    throw new ServiceError('CLOCK_DISAGREES', { vault: unit.members[0].vault, differenceSeconds: -1 });
  if (emergency) return;
  if (terms.mode === 'off') throw refuse('The policy says `mode: off`; an emergency alone rotates it.');
  requireNoGrace(state, refuse);
  const paced = dayLimitUntil(state, observation, terms);
  if (paced !== null)
    throw refuse(`As many rotations as the policy allows were made; next from ${paced.toISOString()}.`);
}

function requireNoGrace(state: TargetState, refuse: (reason: string) => ServiceError): void {
  const open = inGrace(state);
  if (open === undefined || open.replacedAt !== null) return;
  const { rotationId } = open.claim;
  if (open.rolledBack !== null)
    throw refuse(
      `Rotation ${rotationId} was rolled back, and what it had published has not ended yet. Wait for that, or approve it as break-glass, first.`,
    );
  throw refuse(
    `Rotation ${rotationId} is in its grace. Roll it back, or approve its revocation as break-glass, first.`,
  );
}

function refusalFor({ members: [{ vault, name: secret }] }: RotationUnit): (reason: string) => ServiceError {
  return (reason) => new ServiceError('ROTATION_REQUEST_REFUSED', { vault, secret, reason });
}
