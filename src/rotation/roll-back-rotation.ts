import type { Person } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import { bindTarget } from './bind-target.ts';
import { atDesk, driveNow, findRotation, rotationIdIn } from './find-target.ts';
import { readRemembered } from './journal/target-journal.ts';
import { type Rotation, type TargetState, rotationNamed, inGrace } from './journal/target-state.ts';
import { servedBy } from './journal/target-state.ts';
import { credentialOf } from './observe/credential-values.ts';
import type { Sight } from './observe/observe.ts';
import { requestFor, type Target } from './observe/target.ts';
import type { RotationTools } from './rotation-tools.ts';
import { bindingKey, requireUnit } from './rotation-unit.ts';

interface RollBack {
  readonly by: Person;
  /** In that person's words. */
  readonly reason: string;
}

/**
 * Makes the old credential the desired one while it is still alive: it is published again as a new version, for Key Vault cannot
 * move "latest" back. Its end is cancelled; what the rotation issued ends when nothing speaks for its use.
 * @throws ServiceError `ROLL_BACK_REFUSED` before publication, after its end has begun, when another publisher set the secret,
 * or when the old value does not work; `CREDENTIAL_NOT_READY` when the provider cannot tell yet.
 */
export async function rollBackRotation(
  tools: RotationTools,
  { rotationId: named, ...request }: RollBack & { readonly rotationId: string },
): Promise<void> {
  const rotationId = rotationIdIn(named);
  const { target } = await findRotation(tools, rotationId);
  const refuse = refusal(rotationId);
  const wanted = await desireOld(target, { ...request, rotationId });
  if (wanted === null) return;
  const { state, waits, fault } = await driveNow(target);
  if (state.desired !== wanted) throw refuse('The provider does not take the old value back.');
  if ([...state.current.keys()].every((member) => servedBy(state, member) === wanted)) return;
  if (fault !== null) throw fault;
  const { vault, name: secret } = target.terms.bindings[0];
  if (waits.some(({ why }) => why === 'propagation'))
    throw new ServiceError('CREDENTIAL_NOT_READY', { issuer: target.issuer.name, secret });
  const reason = 'The roll-back has begun; the next pass goes on with it.';
  throw new ServiceError('ROTATION_REQUEST_REFUSED', { vault, secret, reason });
}

function refusal(rotationId: string): (reason: string) => ServiceError {
  return (reason) => new ServiceError('ROLL_BACK_REFUSED', { rotationId, reason });
}

/** Notes that the old credential is the desired one, and returns its key; `null` when that was done before. */
export async function desireOld(
  target: Target,
  { rotationId, by, reason }: RollBack & { readonly rotationId: string },
): Promise<string | null> {
  return await atDesk(target, async ({ sight, journal: { state }, say }) => {
    const rotation = rotationNamed(state, rotationId);
    // Asked twice, as from an impatient browser: it is done.
    if (rotation === undefined || rotation.rolledBack !== null) return null;
    const credential = requireGrace(sight, state, rotation, refusal(rotationId));
    await requireOldWorks(target, sight, state, credential, refusal(rotationId));
    await say('desire', { credential, why: 'roll-back', rotationId, by, text: reason });
    return credential;
  });
}

/**
 * Rolls back the one rotation of a secret whose old value is still alive, and returns the rotation's id.
 * `secret`: `vault/name`, or `name` alone where one vault has it in the policy. A group is rolled back as one.
 * @throws ServiceError `SECRET_NOT_BOUND`; `ROTATION_REQUEST_REFUSED` for a name that several vaults have; `ROLL_BACK_REFUSED`
 * when there is no such rotation, or when it cannot be rolled back.
 */
export async function rollBackSecret(
  tools: RotationTools,
  { secret, ...request }: RollBack & { readonly secret: string },
): Promise<string> {
  const unit = requireUnit(tools.policy, secret);
  const { state } = await readRemembered(tools, bindTarget(tools, unit).key);
  const rotation = inGrace(state);
  if (rotation === undefined || rotation.rolledBack !== null) {
    const names = unit.members.map(bindingKey).join(', ');
    throw new ServiceError('ROLL_BACK_REFUSED', {
      rotationId: rotation?.claim.rotationId ?? null,
      reason: rotation === undefined ? `No rotation of ${names} is in its grace.` : 'It is rolled back already.',
    });
  }
  const { rotationId } = rotation.claim;
  await rollBackRotation(tools, { rotationId, ...request });
  return rotationId;
}

function requireGrace(
  { observation }: Sight,
  state: TargetState,
  rotation: Rotation,
  refuse: (reason: string) => ServiceError,
): string {
  const { from, credential, step, result } = rotation;
  const old = state.credentials.get(from ?? '');
  if (step !== 'published' || result !== null || from === null || old === undefined)
    throw refuse('It is not in its grace.');
  const isAsked = state.inFlight.some(({ act, credential: about }) => act === 'end' && about === from);
  if (old.life === 'ending' || old.life === 'ended' || isAsked) throw refuse('Its revocation has begun.');
  const isOurs = [...observation.newest].every(
    ([member, newest]) =>
      newest !== null && state.current.get(member) === newest.version && servedBy(state, member) === credential,
  );
  if (!isOurs || state.desired !== credential) throw refuse('Another publisher set the secret meanwhile.');
  return from;
}

/** The old value can be read and works, or it is a single password, which is set once more. */
async function requireOldWorks(
  target: Target,
  { observation }: Sight,
  state: TargetState,
  key: string,
  refuse: (reason: string) => ServiceError,
): Promise<void> {
  // No journal entry is to come that could tell of the reads; they are written down before they are made.
  const access = { tools: target.tools, note: () => undefined };
  const old = await credentialOf(access, state, key);
  if (old === null) {
    const [held = ''] = [...state.holds].find(([, credential]) => credential === key) ?? [];
    throw refuse(`The old version ${held.slice(held.indexOf('@') + 1)} is gone or disabled.`);
  }
  if (target.issuer.credentialClass === 'self') return;
  const question = requestFor(target, {
    credential: key,
    current: old.value,
    currentCredentialId: old.credentialId,
    now: observation.now,
  });
  const { outcome } = await target.issuer.verify(question, old);
  if (outcome === 'works') return;
  if (outcome === 'not-yet')
    throw new ServiceError('CREDENTIAL_NOT_READY', {
      issuer: target.issuer.name,
      secret: target.terms.bindings[0].name,
    });
  const inForce = state.credentials.get(state.desired ?? '')?.credentialId;
  const isSingle = target.issuer.credentialClass === 'chosen' && inForce === old.credentialId;
  if (!isSingle) throw refuse('The old credential does not work at the provider.');
}
