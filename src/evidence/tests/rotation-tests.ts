import { describePerson, type Person } from '../../provenance/person.ts';
import type { RotationHistory } from '../../rotation/history/rotation-history.ts';
import { explainApproval } from '../../rotation/history/second-person.ts';
import type { ControlTestFactory, Deviation } from './control-test.ts';

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

/** The states after which nothing more becomes of a rotation. */
const over: ReadonlySet<RotationHistory['state']> = new Set(['done', 'superseded', 'rolled-back', 'abandoned']);

/** Tests over the rotations of the period. */
export const rotationTests: Readonly<Record<string, ControlTestFactory>> = {
  'rotations-finish': ({ rotations }, tally) => ({
    finish(audited) {
      const failed = audited.findings.filter(({ rule }) => rule === 'rotation-failed');
      for (const rotation of rotations) {
        const ids = new Set([rotation.rotationId, ...(rotation.stops ?? []).map(({ rotationId }) => rotationId)]);
        const stop = failed.find(({ evidence }) => evidence.some((one) => ids.has(one.split(' ')[0] ?? '')));
        if (stop !== undefined) tally.deviate(deviation(rotation, stop.firstAt, stop.description));
        else if (rotation.state === 'needs-attention') tally.skip('that stopped outside the period');
        else if (over.has(rotation.state)) tally.keep();
        else tally.skip('that had not reached its end');
      }
    },
  }),
  'old-values-end': ({ rotations }, tally) => ({
    finish() {
      for (const rotation of rotations) {
        const { oldValue, publication, publishedAt, claimedAt, issuer } = rotation;
        const reason = alive.get(oldValue);
        if (publication !== 'published' || (reason === undefined && oldValue !== 'dead' && !notDue.has(oldValue)))
          continue;
        const early = notDue.get(oldValue);
        if (early !== undefined) tally.skip(early);
        else if (oldValue === 'dead' || reason === undefined) tally.keep();
        else if (oldValue === 'disabled-only' && issuersWithoutProvider.has(issuer)) {
          tally.skip('disabled, of a kind that no provider can be asked about');
        } else tally.deviate(deviation(rotation, publishedAt ?? claimedAt, reason));
      }
    },
  }),
  'places-served': ({ rotations }, tally) => ({
    finish() {
      for (const rotation of rotations) {
        const { rotationId, publication, publishedAt, claimedAt, rolledBack, newValue } = rotation;
        if (publication !== 'published') continue;
        for (const { place, givenAt } of rotation.places) {
          const why = `${place} was not given the value`;
          if (givenAt !== null) tally.keep();
          else if (rolledBack !== null || newValue !== 'in-force') tally.skip('of values that were replaced first');
          else
            tally.deviate({ ...deviation(rotation, publishedAt ?? claimedAt, why), event: `${rotationId} ${place}` });
        }
      }
    },
  }),
  'approvals-given': ({ policyAt, rotations }, tally) => ({
    finish() {
      for (const rotation of rotations) {
        const { vault, secret, claimedAt } = rotation;
        const binding = policyAt(claimedAt).secrets.get(`${vault}/${secret}`.toLowerCase());
        for (const step of binding?.approval ?? []) {
          const why = approvalFault(rotation, step);
          // A step that was not taken waited for its approval: the control worked.
          if (why === null) tally.keep();
          else tally.deviate({ ...deviation(rotation, claimedAt, why), event: `${rotation.rotationId} ${step}` });
        }
      }
    },
  }),
  'emergency-acts-reasoned': ({ period, rotations, accessRequests }, tally) => ({
    finish() {
      const judge = (
        { vault, secret }: { readonly vault: string; readonly secret: string },
        event: string,
        at: string,
        by: Person | null,
        reason: string | null,
      ) => {
        const moment = Date.parse(at);
        if (moment < period.from.getTime() || moment >= period.to.getTime()) return;
        const unproven = by?.kind === 'signed-in' ? [] : [by === null ? 'nobody is on record' : unprovenText(by)];
        const faults = [...unproven, ...(reason === null || reason.trim() === '' ? ['there is no reason'] : [])];
        if (faults.length === 0) tally.keep();
        else tally.deviate({ event, at, subject: `${vault}/${secret}`, why: faults.join('; ') });
      };
      for (const rotation of rotations) {
        const { rotationId, emergency, claimedAt, askedBy, reason, approvals } = rotation;
        if (emergency) judge(rotation, rotationId, claimedAt, askedBy, reason);
        for (const approval of approvals) {
          if (!approval.breakGlass) continue;
          judge(rotation, `${rotationId} ${approval.step} ${approval.at}`, approval.at, approval.by, approval.reason);
        }
      }
      for (const { grant, answer, request } of accessRequests) {
        if (answer?.breakGlass === true) judge(request, `${grant} ${answer.at}`, answer.at, answer.by, answer.reason);
      }
    },
  }),
};

function unprovenText(by: Person): string {
  return `${describePerson(by)} is not proven`;
}

/** Why a step that the policy puts under approval was taken without that of a second person; `null` if it was not. */
function approvalFault(rotation: RotationHistory, step: 'publish' | 'revoke'): string | null {
  const isTaken = step === 'publish' ? rotation.publication === 'published' : rotation.revokedAt !== null;
  if (!isTaken) return null;
  const given = rotation.approvals.filter((approval) => approval.step === step);
  if (given.length === 0) return `nobody approved to ${step}`;
  if (given.some((approval) => !approval.breakGlass && explainApproval(rotation, approval) === null)) return null;
  const [first] = given;
  if (first === undefined || first.breakGlass) return `break-glass to ${step}`;
  return explainApproval(rotation, first);
}

function deviation({ rotationId, vault, secret }: RotationHistory, at: string, why: string): Deviation {
  return { event: rotationId, at, subject: `${vault}/${secret}`, why };
}
