import { describePerson, type Person } from '../../provenance/person.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import { explainApproval } from '../../rotation/history/second-person.ts';
import { hourMs } from '../../secrets/duration.ts';
import type { ObservedMaterial } from '../model/observation.ts';
import { isWithin } from '../model/calendar.ts';
import type { Verdict } from './verdict.ts';

type Rotations = Pick<ObservedMaterial, 'rotations' | 'period' | 'policyAt' | 'accessRequests'>;

/** Issuers whose values no provider knows, so nobody can be asked whether an old one still works. */
export const issuersWithoutProvider: ReadonlySet<string> = new Set(['generated', 'hmac-secret', 'ssh-key-pair']);

/** Why the end of an old value is not due yet. */
const notDue: ReadonlyMap<string, string> = new Map([
  ['in-grace', 'still in grace'],
  ['in-force-again', 'in force again after a roll-back'],
]);

/** Why an old value does not count as dead. */
const alive: ReadonlyMap<string, string> = new Map([
  ['disabled-only', 'it is disabled in the vault, and nothing shows that the credential itself ended'],
  ['cannot-be-shown', 'nothing shows that it ended'],
  ['perhaps-replaced', 'nothing shows whether the provider still accepts it'],
  ['in-force', 'it is still in force'],
]);

/** A further place has so long to take a published value: a few passes of the reconciler. */
const placeLimitMs = hourMs;

/** Each replaced credential: shown dead, or not. */
export function* judgeOldValues({ rotations }: Rotations): Iterable<Verdict> {
  for (const rotation of rotations) {
    const { rotationId, oldValue, publication, publishedAt, revokedAt, claimedAt, issuer } = rotation;
    const why = alive.get(oldValue);
    const early = notDue.get(oldValue);
    if (publication !== 'published' || (why === undefined && oldValue !== 'dead' && early === undefined)) continue;
    const at = revokedAt ?? publishedAt ?? claimedAt;
    const subject = subjectOf(rotation);
    if (early !== undefined) yield { says: 'untested', why: early };
    else if (why === undefined) yield { says: 'kept', subject, at };
    else if (oldValue === 'disabled-only' && issuersWithoutProvider.has(issuer))
      yield { says: 'untested', why: 'disabled, of a kind that no provider can be asked about' };
    else yield { says: 'broken', rule: 'old-value-alive', event: rotationId, at, subject, why };
  }
}

/** Each further place of each published value: given the value within an hour, or not. `asOf`: milliseconds. */
export function* judgePlaces({ rotations }: Rotations, asOf: number): Iterable<Verdict> {
  for (const rotation of rotations) {
    const { rotationId, publication, publishedAt, claimedAt, rolledBack, newValue } = rotation;
    if (publication !== 'published') continue;
    const at = publishedAt ?? claimedAt;
    const subject = subjectOf(rotation);
    const limit = Date.parse(at) + placeLimitMs;
    for (const { place, givenAt } of rotation.places) {
      const late = { says: 'broken', rule: 'place-not-served', event: `${rotationId} ${place}`, at, subject } as const;
      if (givenAt !== null && Date.parse(givenAt) <= limit) yield { says: 'kept', subject, at };
      else if (givenAt !== null)
        yield {
          ...late,
          why: `${place} was given the value on ${givenAt}`,
          ended: { at: givenAt, by: `rotation ${rotationId}: given to ${place}` },
        };
      else if (rolledBack !== null || newValue !== 'in-force')
        yield { says: 'untested', why: 'of values that were replaced first' };
      else if (limit > asOf) yield { says: 'untested', why: 'of values published less than an hour before' };
      else yield { ...late, why: `${place} was not given the value` };
    }
  }
}

/** Each step of a rotation that the policy put under approval when it began. */
export function* judgeApprovals({ rotations, policyAt, period }: Rotations): Iterable<Verdict> {
  for (const rotation of rotations) {
    const { rotationId, claimedAt } = rotation;
    const subject = subjectOf(rotation);
    for (const step of policyAt(claimedAt).secrets.get(subject.toLowerCase())?.approval ?? []) {
      const fault = approvalFault(rotation, step);
      // A step that was not taken waited for its approval: the control worked.
      if (fault === null) yield { says: 'kept', subject, at: claimedAt };
      else if (isWithin(period, fault.at)) yield { says: 'broken', event: `${rotationId} ${step}`, subject, ...fault };
      else yield { says: 'untested', why: 'taken, or approved, outside the period' };
    }
  }
}

/** Each emergency rotation and each use of break-glass of the period: by a proven person, and with a reason. */
export function* judgeEmergencies({ rotations, accessRequests, period }: Rotations): Iterable<Verdict> {
  for (const rotation of rotations) {
    const { rotationId, emergency, claimedAt, askedBy, reason, approvals } = rotation;
    const subject = subjectOf(rotation);
    if (emergency && isWithin(period, claimedAt))
      yield judgeAct({ rule: 'emergency-unexplained', event: rotationId, at: claimedAt, subject }, askedBy, reason);
    for (const { step, at, by, reason: given, breakGlass } of approvals) {
      if (!breakGlass || !isWithin(period, at)) continue;
      yield judgeAct({ rule: 'break-glass-used', event: `${rotationId} ${step} ${at}`, at, subject }, by, given);
    }
  }
  for (const { grant, answer, request } of accessRequests) {
    if (answer?.breakGlass !== true || !isWithin(period, answer.at)) continue;
    const { at, by, reason } = answer;
    const subject = `${request.vault}/${request.secret}`;
    yield judgeAct({ rule: 'break-glass-used', event: `${grant} ${at}`, at, subject }, by, reason);
  }
}

function judgeAct(
  act: {
    readonly rule: 'emergency-unexplained' | 'break-glass-used';
    readonly event: string;
    readonly at: string;
    readonly subject: string;
  },
  by: Person | null,
  reason: string | null,
): Verdict {
  const nobody = by === null ? 'nobody is on record' : `${describePerson(by)} is not proven`;
  const faults = [
    ...(by?.kind === 'signed-in' ? [] : [nobody]),
    ...(reason === null || reason.trim() === '' ? ['there is no reason'] : []),
  ];
  if (faults.length === 0) return { says: 'kept', subject: act.subject, at: act.at };
  return { says: 'broken', ...act, why: faults.join('; ') };
}

/** Why a step was taken without the approval of a second person, and when that was; `null` if it was not. */
function approvalFault(rotation: RotationHistory, step: 'publish' | 'revoke') {
  const { publication, publishedAt, revokedAt, claimedAt } = rotation;
  const isTaken = step === 'publish' ? publication === 'published' : revokedAt !== null;
  if (!isTaken) return null;
  const takenAt = (step === 'publish' ? publishedAt : revokedAt) ?? claimedAt;
  const given = rotation.approvals.filter((approval) => approval.step === step);
  if (given.some((approval) => !approval.breakGlass && explainApproval(rotation, approval) === null)) return null;
  const [first] = given;
  if (first === undefined) return { rule: 'approval-missing', at: takenAt, why: `nobody approved to ${step}` } as const;
  const { at, breakGlass } = first;
  if (breakGlass) return { rule: 'break-glass-used', at, why: `break-glass to ${step}` } as const;
  return { rule: 'unproven-approval', at, why: explainApproval(rotation, first) ?? '' } as const;
}

function subjectOf({ vault, secret }: RotationHistory): string {
  return `${vault}/${secret}`;
}
