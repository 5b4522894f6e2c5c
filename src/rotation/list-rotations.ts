import { wantedApproval } from './approval.ts';
import { approvalsOf } from './history/read-rotation-histories.ts';
import { rotationOf } from './rotation.ts';
import type { RotationHistory } from './history/rotation-history.ts';
import { attemptIdOf } from './rotation-id.ts';
import { readJournal, rotationIds } from './rotation-journal.ts';
import type { RotationTools } from './rotation-tools.ts';
import { valueEnds, waitsFor } from './value-ends.ts';

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
  readonly emergency: boolean;
  readonly claimedAt: string;
  readonly publication: RotationHistory['publication'];
  readonly publishedAt: string | null;
  readonly oldValue: RotationHistory['oldValue'];
  readonly newValue: RotationHistory['newValue'];
  /** What must be known of a rotation that did not go the ordinary way, in sentences; else `null`. */
  readonly note: string | null;
  readonly approvals: RotationHistory['approvals'];
  readonly failure: string | null;
  /** The step that waits for a second person, if one does. */
  readonly awaits: 'publish' | 'revoke' | null;
  /** Why it waits: codes, names, times. */
  readonly reasons: readonly string[];
  /** What is to be weighed before a credential ends: the reasons without the question itself. */
  readonly waitsFor: readonly string[];
}

/** Every rotation that the journal knows, newest claim first. @throws ServiceError `RECORD_…` when it cannot be read. */
export async function listRotations({ records }: Pick<RotationTools, 'records'>): Promise<readonly RotationListing[]> {
  const listed: RotationListing[] = [];
  for await (const id of rotationIds(records)) {
    const entries = await readJournal(records, id);
    const rotation = rotationOf(id, entries);
    const { trigger, askedBy, reason, emergency, members } = rotation.claim;
    const approvals = approvalsOf(entries);
    for (const member of members) {
      const { publication, publishedAt, oldValue, newValue, rolledBack, note } = valueEnds(rotation, entries, member);
      listed.push({
        rotationId: attemptIdOf(id, rotation.attempt),
        vault: member.vault,
        secret: member.secret,
        state: rotation.state,
        trigger,
        askedBy,
        reason,
        emergency,
        claimedAt: rotation.claimedAt.toISOString(),
        publication,
        publishedAt,
        oldValue,
        newValue,
        note,
        approvals,
        failure: rotation.failure,
        awaits: wantedApproval(rotation),
        reasons: rotation.reasons,
        waitsFor: waitsFor(rotation, rolledBack),
      });
    }
  }
  return listed.sort((a, b) => (a.claimedAt < b.claimedAt ? 1 : -1));
}
