import { type Person, personOnRecord } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import { advanceRotation } from './advance-rotation.ts';
import { boundUnit } from './bound-unit.ts';
import { claimRotation } from './claim-rotation.ts';
import { nextAttempt } from './issue-credential.ts';
import { lateRequestLeftMs } from './late-request.ts';
import { planRotation } from './plan-unit.ts';
import { hasEnded, rotationOf } from './rotation.ts';
import { readJournal } from './rotation-journal.ts';
import type { RotationTools } from './rotation-tools.ts';
import type { RotationUnit } from './rotation-unit.ts';
import type { RotationWork } from './rotation-work.ts';
import { tightenedBinding } from '../secrets/tightened-binding.ts';
import { tagFaults } from './tag-faults.ts';
import { storeOf } from './vault-access.ts';
import { withRotation } from './with-rotation.ts';

export interface RotationRequest {
  /** `vault/name`, or `name` alone where one vault has it in the policy. */
  readonly secret: string;
  readonly reason: string;
  readonly by: Person;
  /** The value has leaked: no minimum age, no grace, and a person may approve the revocation at once. */
  readonly emergency: boolean;
}

/**
 * Begins a rotation because a person asks, or takes up the one that needs attention, and drives it for as long as
 * `deadlineMs`. Gives the rotation's id. Asking twice is asking once: the id follows from the version in force.
 * @throws ServiceError `SECRET_NOT_BOUND`; `ROTATION_REQUEST_REFUSED` for a name that several vaults have, a version that is too young, a
 * secret that its tags exempt, another rotation in its grace, or a day's number used up; `SECRET_TAG_MALFORMED` for a tag `rotation` that is no word
 * for it; `CLOCK_DISAGREES`, or as the vault does.
 */
export async function requestRotation(
  tools: RotationTools,
  request: RotationRequest,
  { deadlineMs = 15_000 }: { readonly deadlineMs?: number } = {},
): Promise<string> {
  const unit = boundUnit(tools, request.secret);
  const [{ vault, name }] = unit.members;
  const refuse = (reason: string) => new ServiceError('ROTATION_REQUEST_REFUSED', { vault, secret: name, reason });
  if (await tools.killSwitch()) throw refuse('The kill switch is on.');
  if (!request.emergency) await requireAge(tools, unit, refuse);
  const { reason, by: askedBy, emergency } = request;
  const claimed = await claimRotation(tools, unit, { trigger: 'person', reason, askedBy, emergency });
  if (claimed.outcome === 'paced')
    throw refuse(`As many rotations as the policy allows were made; next from ${claimed.from.toISOString()}.`);
  if (claimed.outcome === 'frozen')
    throw refuse(`Rotation ${claimed.rotationId} is rebuilt first; ask again when it has ended.`);
  if (claimed.outcome === 'open') await takeUp(tools, claimed.rotationId, request, refuse);
  await advanceRotation(tools, claimed.rotationId, { deadlineMs });
  return claimed.rotationId;
}

/** What the rotation of a secret would do, in sentences; changes nothing. @throws ServiceError `SECRET_NOT_BOUND`, `ISSUER_…`. */
export async function planRequest(tools: RotationTools, secret: string): Promise<readonly string[]> {
  return await planRotation(tools, boundUnit(tools, secret));
}

async function requireAge(
  tools: RotationTools,
  unit: RotationUnit,
  refuse: (reason: string) => ServiceError,
): Promise<void> {
  for (const member of unit.members) {
    const { vault, name, minimumAgeMs } = member;
    const latest = await storeOf(tools, vault).latest(name);
    const tags = latest?.tags ?? {};
    if (tightenedBinding(member, tags).binding === null) {
      const malformed = tagFaults(member, tags).find(({ tag }) => tag === 'rotation');
      throw malformed?.error ?? refuse('A tag of the secret forbids its rotation.');
    }
    const from = new Date((latest?.created.getTime() ?? 0) + minimumAgeMs);
    if (tools.now() < from)
      throw refuse(`Its newest version is too young before ${from.toISOString()}; an emergency does not wait.`);
  }
}

/** A rotation that waits for a person goes on; one that runs is left to run; one in its grace stands against a new one. */
async function takeUp(
  tools: RotationTools,
  rotationId: string,
  { by, reason }: RotationRequest,
  refuse: (reason: string) => ServiceError,
): Promise<void> {
  const { state, step, ...rotation } = rotationOf(rotationId, await readJournal(tools.records, rotationId));
  if (hasEnded({ state, step, ...rotation })) return;
  if (state === 'needs-attention') return await withRotation(tools, rotationId, (work) => resume(work, by, reason));
  if (state === 'rolled-back') {
    throw refuse(
      `Rotation ${rotationId} was rolled back, and what it had published has not ended yet (${rotation.reasons[0] ?? ''}). Wait for that, or approve it as break-glass, first.`,
    );
  }
  if (step === 'grace' || step === 'published') {
    throw refuse(
      `Rotation ${rotationId} is in its grace. Roll it back, or approve its revocation as break-glass, first.`,
    );
  }
}

async function resume(work: RotationWork, by: Person, reason: string): Promise<void> {
  const { step, failure, credentialId } = work.rotation;
  const reasons = [`asked again by ${personOnRecord(by)}: ${reason}`.slice(0, 400)];
  if (failure === 'GROUP_SUPERSEDED') {
    // Both parts stand and nothing is revoked; the next rotation begins from what is there.
    return work.outcome('adopt', { state: 'superseded', facts: { withdrawn: lateRequestLeftMs(work) === 0, reasons } });
  }
  await work.outcome('resume', { state: step, facts: { tries: 0, cycle: 0, reasons } });
  if (failure === 'STAGED_VALUE_LOST' || failure === 'STAGED_VALUE_REFUSED') {
    await nextAttempt(work, work.issuer.credentialClass === 'minted' ? credentialId : null, 'staged-value-lost');
  }
}
