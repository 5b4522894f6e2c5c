import type { Leftover } from './find-leftovers.ts';
import type { RotationWork } from './rotation-work.ts';
import { operation, storeOf } from './vault-access.ts';

/**
 * Removes staging versions and orphaned credentials that were found, each with an entry before and behind it in the journal of
 * the rotation that `work` holds. Gives how many. Duplicates are not removed here: their values must be compared first.
 */
export async function removeLeftovers(work: RotationWork, leftovers: readonly Leftover[]): Promise<number> {
  let removed = 0;
  for (const { kind, vault, secret, id, attemptId } of leftovers) {
    if (kind === 'duplicate') continue;
    const reasons = [`${kind} ${vault}/${secret} ${id} of ${attemptId}`];
    const { state, step, attempt } = work.rotation;
    // Before the last look at the lease: nothing that could sleep may stand between that and the act.
    const request = kind === 'orphan' ? await work.request('new') : null;
    await work.outcome('sweep', { state, step, attempt, facts: { reasons } });
    work.requireTime();
    if (request === null) {
      await storeOf(work.tools, vault).update(secret, id, { enabled: false });
      work.note(operation(work.tools, 'SecretUpdate', vault, secret, id));
    } else {
      await work.issuer.revoke({ ...request, rotationId: attemptId }, id);
    }
    await work.outcome('sweep', { state, step, attempt, facts: { reasons: [...reasons, 'removed'] } });
    removed += 1;
  }
  return removed;
}
