import { ServiceError } from '../service-error.ts';
import { approvalsOf, declinesOf } from './history/read-rotation-histories.ts';
import type { RotationHistory } from './history/rotation-history.ts';
import { asked, failureOf, newestFailure, standingOf, stateOfRotation, waitsOf } from './history/rotation-standing.ts';
import { journalTargets, readJournal, readOn } from './journal/target-journal.ts';
import type { TargetState } from './journal/target-state.ts';
import { attemptIdOf } from './rotation-id.ts';
import type { RotationTools } from './rotation-tools.ts';

/** One secret of one rotation, for whoever watches or approves. */
export interface RotationListing {
  /** `<rotationId>.<attempt>`. */
  readonly rotationId: string;
  readonly vault: string;
  readonly secret: string;
  readonly state: RotationHistory['state'];
  readonly trigger: RotationHistory['trigger'];
  readonly askedBy: RotationHistory['askedBy'];
  readonly reason: string | null;
  readonly asks: RotationHistory['asks'];
  readonly emergency: boolean;
  readonly environment: string | null;
  readonly claimedAt: string;
  /** The version that it replaces; empty if it creates the secret. */
  readonly fromVersion: string;
  readonly publishedVersion: string | null;
  readonly publication: RotationHistory['publication'];
  readonly publishedAt: string | null;
  readonly oldValue: RotationHistory['oldValue'];
  readonly newValue: RotationHistory['newValue'];
  /** What must be known of a rotation that did not go the ordinary way, in sentences; else `null`. */
  readonly note: string | null;
  readonly approvals: RotationHistory['approvals'];
  readonly declines: RotationHistory['declines'];
  readonly failure: string | null;
  /** What the failure said of itself. */
  readonly diagnosis: string | null;
  /** What waits for a person's word, if something does. */
  readonly awaits: 'publish' | 'revoke' | 'go' | null;
  /** What is to be weighed before a credential ends: codes, names, times. */
  readonly waitsFor: readonly string[];
}

/**
 * Every rotation that the journals know, newest first. A journal that cannot be read hides its own target alone: `unreadable`
 * is told of each. @throws ServiceError `RECORD_STORE_…` when the records cannot be reached.
 */
export async function listRotations(
  { records, memory }: Pick<RotationTools, 'records' | 'memory'>,
  unreadable: (target: string, error: ServiceError) => void = () => undefined,
): Promise<readonly RotationListing[]> {
  const listed: RotationListing[] = [];
  for await (const target of journalTargets(records)) {
    try {
      const known = memory.journals.get(target);
      const journal = known === undefined ? await readJournal(records, target) : await readOn(records, known);
      memory.journals.set(target, journal);
      listed.push(...listingsOf(journal.state));
    } catch (error) {
      if (!ServiceError.is(error, 'RECORD_UNREADABLE')) throw error;
      unreadable(target, error);
    }
  }
  return listed.sort((a, b) => (a.claimedAt < b.claimedAt ? 1 : -1));
}

/** The rotations of one target, oldest first, one row for each secret. */
function listingsOf(state: TargetState): readonly RotationListing[] {
  return state.rotations.flatMap((rotation) => {
    const { claim, begunAt, reason } = rotation;
    const { publication, publishedAt, oldValue, newValue, note } = standingOf(state, rotation);
    return claim.from.map(({ member, version }) => {
      const [vault = '', secret = ''] = member.split('/');
      return {
        rotationId: attemptIdOf(claim.rotationId, rotation.attempt),
        vault,
        secret,
        state: stateOfRotation(state, rotation),
        trigger: claim.trigger,
        askedBy: claim.askedBy,
        reason,
        asks: rotation.asks,
        emergency: claim.emergency,
        environment: state.bindings.find((one) => one.vault === vault)?.environment ?? null,
        claimedAt: begunAt,
        fromVersion: version ?? '',
        publishedVersion: rotation.published.get(member) ?? null,
        publication,
        publishedAt,
        oldValue,
        newValue,
        note,
        approvals: approvalsOf(state, rotation),
        declines: declinesOf(state, rotation),
        failure: failureOf(state, rotation),
        diagnosis: newestFailure(state, rotation)?.text ?? null,
        awaits: asked(state, rotation),
        waitsFor: waitsOf(state, rotation),
      };
    });
  });
}
